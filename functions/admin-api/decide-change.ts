import type { AuditScope } from '#domain/access/audit-entry.ts';
import { HOSTS_PER_SITE, mayCreateHost, mayCreateSite, SITES_PER_USER } from '#domain/access/creation-limits.ts';
import { isRemovableByOwner } from '#domain/access/field-rights.ts';
import { mayDo, type Operation } from '#domain/access/permissions.ts';
import type { AccessPolicy } from '#domain/inventory/access-policy.ts';
import type { Inventory } from '#domain/inventory/inventory.ts';
import type { HttpReply } from '#wire/api/http-call.ts';
import { mergePatch } from '#wire/api/merge-patch.ts';
import { LONGEST_ENTITY_BYTES, utf8Bytes } from '#wire/audit-item.ts';
import { type InventoryEntity, printEntity } from '#wire/inventory-item.ts';
import { parseNetworkFile } from '#wire/network-file/parse-network-file.ts';
import { field, isMapping, list, text } from '#wire/network-file/raw.ts';
import { accessTo, type User } from './admin-deps.ts';
import { documentOf, entityOf, hostIn, type Part, partName, withValue } from './document-part.ts';
import type { NetworkAt } from './held-network.ts';
import { networkDocument, withHost } from './network-document.ts';
import { judgeOwner } from './owner-rights.ts';
import { networkProblems, ownProblems } from './part-problems.ts';
import { conflict, entityTag, forbidden, forbiddenFields, invalidEntity, notFound, preconditionFailed } from './replies.ts';

export type Intent =
  | { readonly kind: 'put'; readonly value: unknown }
  | { readonly kind: 'patch'; readonly patch: unknown }
  | { readonly kind: 'delete' };

/** Who asks for the change. */
export interface Asker {
  readonly user: User;
  /** Judges the tag of what is there, undefined when nothing is. */
  readonly passes: (tag: string | undefined) => boolean;
  /** Whether the user would still be an administrator of the network under another policy. */
  readonly keepsRights: (policy: AccessPolicy) => boolean;
}

export interface Change {
  readonly operation: 'create' | 'change' | 'delete' | 'none';
  /** In the file's shape; undefined where there is nothing. */
  readonly before: unknown;
  readonly after: unknown;
  /** What the store is to keep; undefined: to remove. */
  readonly entity: InventoryEntity | undefined;
  readonly scopes: readonly AuditScope[];
  readonly forgetsChallenge: boolean;
  /** The network after the change. */
  readonly network: NetworkAt;
}

export type Decision =
  | { readonly kind: 'refused'; readonly reply: HttpReply }
  | { readonly kind: 'change'; readonly change: Change };

const refused = (reply: HttpReply): Decision => ({ kind: 'refused', reply });

const siteNamed = (value: unknown, id: string): string => text(field(value, 'site')) ?? id;

/** Whose rows the change touches: for a host the site that it leaves and the one that it comes to. */
const touchedSites = (part: Part, before: unknown, wanted: unknown): readonly string[] => {
  if (part.kind === 'site') return [part.id];
  if (part.kind !== 'host') return [];
  const sites = [before, wanted].flatMap((value) => (value === undefined ? [] : [siteNamed(value, part.id)]));
  return [...new Set(sites)];
};

const operationOn = (part: Part, before: unknown, intent: Intent): Operation => {
  if (part.kind === 'settings') return 'settings.change';
  if (intent.kind === 'delete') return `${part.kind}.delete`;
  return before === undefined ? `${part.kind}.create` : `${part.kind}.change`;
};

const REFUSALS: Readonly<Record<Part['kind'], string>> = {
  settings: 'Only an administrator of the network changes its settings.',
  category: 'Only an administrator of the network changes its categories.',
  site: 'The site is not yours to change, or new sites are for administrators of the network.',
  host: 'The host and its site must both be yours.',
};

/** The wanted value with what goes without saying: the id of the path, and whoever declares a site as its admin. */
const completed = (part: Part, value: unknown, user: User, isNew: boolean): unknown => {
  if (part.kind === 'settings' || !isMapping(value)) return value;
  const named: Readonly<Record<string, unknown>> = {
    id: part.id,
    ...(part.kind === 'host' && { site: part.id }),
    ...value,
  };
  const admins = named['admins'];
  if (part.kind !== 'site' || !isNew || user.administrator) return named;
  if (admins !== undefined && (!Array.isArray(admins) || admins.includes(user.name))) return named;
  return { ...named, admins: [user.name, ...list(admins)] };
};

const wantedValue = (part: Part, before: unknown, intent: Intent, user: User): unknown => {
  if (intent.kind === 'delete') return undefined;
  const value = intent.kind === 'put' ? intent.value : mergePatch(before, intent.patch);
  return completed(part, value, user, before === undefined);
};

/** What only owners are held to when something comes into being or goes. */
const limitReply = (
  part: Part,
  user: User,
  { inventory }: NetworkAt,
  operation: Operation,
  wanted: unknown,
): HttpReply | undefined => {
  if (user.administrator || part.kind === 'settings') return undefined;
  const { sites, hosts } = inventory;
  if (operation === 'site.create' && !mayCreateSite(user.name, sites)) {
    return forbidden(`You are admin of ${SITES_PER_USER} sites; an administrator of the network can declare more.`);
  }
  if (operation === 'host.create' && !mayCreateHost(siteNamed(wanted, part.id), hosts)) {
    return forbidden(`The site has ${HOSTS_PER_SITE} hosts; an administrator of the network can declare more.`);
  }
  if (operation !== 'site.delete' && operation !== 'host.delete') return undefined;
  const host = part.kind === 'host' ? hostIn(inventory, part.id) : undefined;
  const site = sites.find(({ id }) => id === (host?.site ?? part.id));
  return isRemovableByOwner([host, site]) ? undefined : forbidden('An administrator of the network switched this off.');
};

const inOrder = <T extends { readonly id: string }>(all: readonly T[]): readonly T[] =>
  all.toSorted((left, right) => (left.id < right.id ? -1 : 1));

/** As the store would give it back. */
const advanced = (from: NetworkAt, parsed: Inventory, part: Part, entity: InventoryEntity | undefined): NetworkAt => {
  const hosts = parsed.hosts.map((host) => (entity?.kind === 'host' && entity.value.id === host.id ? entity.value : host));
  const inventory = {
    ...parsed,
    sites: inOrder(parsed.sites),
    categories: inOrder(parsed.categories),
    hosts: inOrder(hosts),
  };
  const host = entity?.kind === 'host' ? entity.value : undefined;
  const document = part.kind === 'host' ? withHost(from.document, part.id, host) : networkDocument(inventory);
  return { revision: from.revision + 1, inventory, document };
};

const scopesOf = (part: Part, sites: readonly string[]): readonly AuditScope[] => [
  ...(part.kind === 'host' ? [{ kind: 'host', id: part.id } as const] : []),
  ...sites.map((id) => ({ kind: 'site', id }) as const),
];

/** Nobody else could undo it through the API. */
const lockout = (): HttpReply => conflict([{ path: 'access', message: 'you would be no administrator of the network any more' }]);

/** Of an item of DynamoDB, which has 400 KB; all sections but the locks and the content are one. */
const LONGEST_ITEM_BYTES = 380_000;

const sizeProblem = (after: unknown, entity: InventoryEntity | undefined): string | undefined => {
  if (utf8Bytes(JSON.stringify(after)) > LONGEST_ENTITY_BYTES) return `longer than ${LONGEST_ENTITY_BYTES} bytes`;
  const isTooLong = entity !== undefined && utf8Bytes(printEntity(entity)) > LONGEST_ITEM_BYTES;
  return isTooLong ? `longer than ${LONGEST_ITEM_BYTES} bytes together with all that is stored with it` : undefined;
};

const removal = (network: NetworkAt, part: Part, before: unknown, sites: readonly string[]): Decision => {
  const { document } = withValue(network.document, part, undefined);
  const parsed = parseNetworkFile(document, (path) => path);
  if (parsed.kind === 'invalid') return refused(conflict(networkProblems(document, parsed.problems)));
  const change = {
    operation: 'delete',
    before,
    after: undefined,
    entity: undefined,
    forgetsChallenge: part.kind === 'host',
  } as const;
  const scopes = scopesOf(part, sites);
  // A section that is left out says what the format says by default; the settings themselves stay.
  const entity = part.kind === 'settings' ? entityOf(parsed.inventory, part) : undefined;
  return {
    kind: 'change',
    change: { ...change, entity, scopes, network: advanced(network, parsed.inventory, part, entity) },
  };
};

const replacement = (
  network: NetworkAt,
  part: Part,
  user: User,
  before: unknown,
  wanted: unknown,
  sites: readonly string[],
): Decision => {
  const { document, path } = withValue(network.document, part, wanted);
  const parsed = parseNetworkFile(document, (folder) => folder);
  const problems = parsed.kind === 'invalid' ? parsed.problems : [];
  const own = ownProblems(document, problems, part, path, wanted);
  if (own.length > 0) return refused(invalidEntity(own));
  if (parsed.kind === 'invalid') return refused(conflict(networkProblems(document, parsed.problems)));
  const entity = entityOf(parsed.inventory, part);
  const judged = judgeOwner(network, parsed.inventory, part, user, wanted, entity);
  if (judged.kind === 'refused') return refused(forbiddenFields(judged.problems));
  const next = advanced(network, parsed.inventory, part, judged.entity);
  const after = documentOf(next.document, part);
  const tooLong = sizeProblem(after, judged.entity);
  if (tooLong !== undefined) return refused(invalidEntity([{ path: [], message: tooLong }]));
  const same = before !== undefined && JSON.stringify(before) === JSON.stringify(after);
  const operation = same ? 'none' : before === undefined ? 'create' : 'change';
  const { forgetsChallenge, entity: kept } = judged;
  const scopes = scopesOf(part, sites);
  return { kind: 'change', change: { operation, before, after, entity: kept, scopes, forgetsChallenge, network: next } };
};

/** What an intent comes to in this network; the same answer every time. */
export const decideChange = (network: NetworkAt, part: Part, asker: Asker, intent: Intent): Decision => {
  const { user, passes } = asker;
  const before = documentOf(network.document, part);
  if (before === undefined && intent.kind !== 'put') return refused(notFound(`There is no ${partName(part)}.`));
  const wanted = wantedValue(part, before, intent, user);
  const operation = operationOn(part, before, intent);
  const sites = touchedSites(part, before, wanted);
  if (!mayDo(user, operation, sites, accessTo(network))) return refused(forbidden(REFUSALS[part.kind]));
  if (!passes(before === undefined ? undefined : entityTag(before))) return refused(preconditionFailed());
  const limit = limitReply(part, user, network, operation, wanted);
  if (limit !== undefined) return refused(limit);
  const decision =
    intent.kind === 'delete' ? removal(network, part, before, sites) : replacement(network, part, user, before, wanted, sites);
  if (part.kind !== 'settings' || decision.kind === 'refused') return decision;
  return asker.keepsRights(decision.change.network.inventory.settings.access) ? decision : refused(lockout());
};
