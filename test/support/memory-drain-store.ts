import { changeDrain } from '#adapters/aws/change-drain.ts';
import type { DrainChange, DrainEvent, SlotChange } from '#domain/drain/drain-change.ts';
import { type DrainGroup, isAway, type SyncPair } from '#domain/drain/drain-state.ts';
import type { GroupEdit } from '#domain/drain/membership.ts';
import type { DrainStore, DrainWrite } from '#ports/drain-store.ts';

/** What a table of drains holds. */
export interface DrainTables {
  readonly pairs: Map<string, SyncPair>;
  readonly groups: Map<string, DrainGroup>;
  readonly events: DrainEvent[];
}

export const emptyDrainTables = (): DrainTables => ({ pairs: new Map(), groups: new Map(), events: [] });

const nameOf = (category: string, name: string): string => `${category}/${name}`;
const without = (hosts: readonly string[], gone: readonly string[]): string[] => hosts.filter((host) => !gone.includes(host));
const union = (hosts: readonly string[], more: readonly string[]): string[] => [...new Set([...hosts, ...more])].toSorted();

export const groupIn = (tables: DrainTables, category: string, key: string): DrainGroup =>
  tables.groups.get(nameOf(category, key)) ?? { category, key, inService: [], draining: [], revision: 0 };

const holds = (group: DrainGroup, host: string, slot: SlotChange): boolean => {
  const listed = group.inService.includes(host);
  switch (slot.kind) {
    case 'take':
      return listed && group.inService.length > slot.minInService && group.draining.length < slot.maxDraining;
    case 'not-listed':
      return !listed;
    case 'give':
    case 'leave':
      return true;
  }
};

const applied = (group: DrainGroup, host: string, slot: SlotChange): DrainGroup => {
  switch (slot.kind) {
    case 'take':
      return { ...group, inService: without(group.inService, [host]), draining: union(group.draining, [host]) };
    case 'give':
      return { ...group, draining: without(group.draining, [host]) };
    case 'leave':
      return { ...group, inService: without(group.inService, [host]) };
    case 'not-listed':
      return group;
  }
};

/** What the condition and the writes of a change come to: all of it, or nothing. */
export const applyChange = (tables: DrainTables, change: DrainChange): 'written' | 'refused' => {
  const { next, seen, slots, event } = change;
  const name = nameOf(next.category, next.host);
  const present = tables.pairs.get(name);
  if (present?.writeId === next.writeId) return 'written';
  if ((present?.version ?? 0) !== seen) return 'refused';
  if (!slots.every((slot) => holds(groupIn(tables, next.category, slot.group), next.host, slot))) return 'refused';
  for (const slot of slots) {
    if (slot.kind === 'not-listed') continue;
    tables.groups.set(nameOf(next.category, slot.group), applied(groupIn(tables, next.category, slot.group), next.host, slot));
  }
  tables.pairs.set(name, next);
  if (event !== undefined) tables.events.push(event);
  return 'written';
};

export const applyEdits = (tables: DrainTables, edits: readonly GroupEdit[], verb: 'add' | 'remove'): 'written' | 'refused' => {
  const isServing = (category: string, host: string): boolean => {
    const pair = tables.pairs.get(nameOf(category, host));
    return pair === undefined || !isAway(pair.state);
  };
  for (const { category, key, revision, hosts } of edits) {
    if (groupIn(tables, category, key).revision !== revision) return 'refused';
    if (verb === 'add' && !hosts.every((host) => isServing(category, host))) return 'refused';
  }
  for (const { category, key, revision, hosts } of edits) {
    const group = groupIn(tables, category, key);
    const inService = verb === 'add' ? union(group.inService, hosts) : without(group.inService, hosts);
    tables.groups.set(nameOf(category, key), { ...group, inService, revision: revision + 1 });
  }
  return 'written';
};

const copy = <T>(value: T): T => structuredClone(value);

/** The same promises as the table, held to the same contract. */
export const memoryDrainStore = (tables: DrainTables = emptyDrainTables()): DrainStore & { readonly tables: DrainTables } => {
  const of = <T extends { readonly category: string }>(all: Map<string, T>, category: string, name: (one: T) => string): T[] =>
    copy([...all.values()].filter((one) => one.category === category).toSorted((a, b) => (name(a) < name(b) ? -1 : 1)));
  const base = {
    pair: async ({ host, category }) => copy(tables.pairs.get(nameOf(category, host))),
    groupsOf: async (category, keys) => copy(keys.map((key) => groupIn(tables, category, key))),
    pairs: async (category) => of(tables.pairs, category, ({ host }) => host),
    groups: async (category) => of(tables.groups, category, ({ key }) => key),
    write: async (change): Promise<DrainWrite> => ({ kind: applyChange(tables, copy(change)) }),
    admit: async (edits) => ({ kind: applyEdits(tables, edits, 'add') }),
    expel: async (edit) => ({ kind: applyEdits(tables, [edit], 'remove') }),
    history: async ({ host, category }, limit, before) =>
      copy(
        tables.events
          .filter(
            (event) => event.host === host && event.category === category && event.version < (before ?? Number.POSITIVE_INFINITY),
          )
          .toSorted((a, b) => b.version - a.version)
          .slice(0, limit),
      ),
  } satisfies Omit<DrainStore, 'change'>;
  return { ...base, change: changeDrain(base), tables };
};
