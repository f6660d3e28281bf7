import type { Host, Inventory } from '#domain/inventory/inventory.ts';
import type { InventoryEntity } from '#wire/inventory-item.ts';
import type { ProblemPath } from '#wire/network-file/problem.ts';
import { field, list } from '#wire/network-file/raw.ts';
import type { NetworkDocument } from './network-document.ts';

/** Parts of the file that are neither lists of entities nor of this machine only. */
export const SECTIONS = [
  'network',
  'policies',
  'aliases',
  'disabled',
  'countryOverrides',
  'continentOverrides',
  'locks',
  'content',
] as const;
export type Section = (typeof SECTIONS)[number];

export const ENTITY_KINDS = ['site', 'host', 'category'] as const;
export type EntityKind = (typeof ENTITY_KINDS)[number];

/** What the API changes as one: an entity, or a section of the settings. */
export type Part = { readonly kind: EntityKind; readonly id: string } | { readonly kind: 'settings'; readonly section: Section };

const LISTS: Readonly<Record<EntityKind, 'sites' | 'hosts' | 'categories'>> = {
  site: 'sites',
  host: 'hosts',
  category: 'categories',
};

/** `host/ID`, `settings/SECTION`. */
export const partName = (part: Part): string =>
  part.kind === 'settings' ? `settings/${part.section}` : `${part.kind}/${part.id}`;

export const entitiesIn = (document: NetworkDocument, kind: EntityKind): readonly unknown[] => list(document[LISTS[kind]]);

/** Undefined when there is none. */
export const documentOf = (document: NetworkDocument, part: Part): unknown =>
  part.kind === 'settings'
    ? document[part.section]
    : entitiesIn(document, part.kind).find((entity) => field(entity, 'id') === part.id);

export interface Replaced {
  readonly document: NetworkDocument;
  /** Where the part is in the document now. */
  readonly path: ProblemPath;
}

/** The part comes last in its list, so that whatever stands twice is a problem of the part and not of who had it before. */
export const withValue = (document: NetworkDocument, part: Part, value: unknown): Replaced => {
  if (part.kind === 'settings') {
    const { [part.section]: _, ...rest } = document;
    return { document: value === undefined ? rest : { ...rest, [part.section]: value }, path: [part.section] };
  }
  const name = LISTS[part.kind];
  const others = entitiesIn(document, part.kind).filter((entity) => field(entity, 'id') !== part.id);
  return { document: { ...document, [name]: value === undefined ? others : [...others, value] }, path: [name, others.length] };
};

/** Locks and content are entities of their own, which a network may lack; all other sections are one. */
const sectionEntity = ({ settings, locks, content }: Inventory, section: Section): InventoryEntity | undefined => {
  switch (section) {
    case 'locks':
      return locks === undefined ? undefined : { kind: 'locks', value: locks };
    case 'content':
      return content === undefined ? undefined : { kind: 'content', value: content };
    default:
      return { kind: 'settings', value: settings };
  }
};

/** What the store keeps for this part; undefined when there is none. */
export const entityOf = (inventory: Inventory, part: Part): InventoryEntity | undefined => {
  switch (part.kind) {
    case 'site':
    case 'host':
    case 'category': {
      const value = inventory[LISTS[part.kind]].find(({ id }) => id === part.id);
      return value === undefined ? undefined : ({ kind: part.kind, value } as InventoryEntity);
    }
    case 'settings':
      return sectionEntity(inventory, part.section);
  }
};

export const hostIn = (inventory: Inventory, id: string): Host | undefined => inventory.hosts.find((host) => host.id === id);
