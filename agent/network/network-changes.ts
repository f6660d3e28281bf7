import { isDeepStrictEqual } from 'node:util';
import type { NetworkPart } from './network-parts.ts';
import { type ValueChange, valueChanges } from './value-changes.ts';

export interface NetworkChange {
  readonly operation: 'add' | 'change' | 'remove';
  readonly part: NetworkPart;
  readonly before: unknown;
  /** Key by key; empty unless something changes. */
  readonly keys: readonly ValueChange[];
}

export interface NetworkChanges {
  /** What is wanted, in the order in which it can be made; removals last, in reverse. */
  readonly changes: readonly NetworkChange[];
  /** What the file does not have, and stays without `--prune`. */
  readonly kept: readonly string[];
}

/** A section that is gone from the file says what the format says by default. */
const gone = (part: NetworkPart): NetworkPart => (part.kind === 'settings' ? { ...part, value: {} } : part);

const isGone = ({ kind, value }: NetworkPart): boolean => kind === 'settings' && isDeepStrictEqual(value, {});

export const networkChanges = (has: readonly NetworkPart[], wanted: readonly NetworkPart[], prune: boolean): NetworkChanges => {
  const before = new Map(has.map((part) => [part.name, part]));
  const names = new Set(wanted.map(({ name }) => name));
  const made = wanted.flatMap((part): readonly NetworkChange[] => {
    const old = before.get(part.name);
    if (old === undefined) return [{ operation: 'add', part, before: undefined, keys: [] }];
    if (isDeepStrictEqual(old.value, part.value)) return [];
    return [{ operation: 'change', part, before: old.value, keys: valueChanges(old.value, part.value) }];
  });
  const extra = has.filter((part) => !names.has(part.name) && !isGone(part)).toReversed();
  const removed = extra.map((part): NetworkChange => ({ operation: 'remove', part: gone(part), before: part.value, keys: [] }));
  return prune ? { changes: [...made, ...removed], kept: [] } : { changes: made, kept: extra.map(({ name }) => name) };
};
