import type { LockChange } from '#domain/lock/lock-change.ts';
import type { LockState } from '#domain/lock/lock-state.ts';
import { type PlainItem, parseLockItem } from './lock-item.ts';
import { lockOfKey } from './lock-table.ts';

/** One change of the table as its stream tells it, attributes as plain values. */
export interface TableChange {
  readonly keys: PlainItem;
  readonly before: PlainItem | undefined;
  readonly after: PlainItem | undefined;
}

const stateOf = (item: PlainItem | undefined): LockState | undefined => (item === undefined ? undefined : parseLockItem(item));

/** Undefined for changes of anything but a lock's state. Throws WireError on a state that does not parse. */
export const parseLockChange = ({ keys, before, after }: TableChange): LockChange | undefined => {
  const lock = lockOfKey({ pk: String(keys['pk']), sk: String(keys['sk']) });
  return lock === undefined ? undefined : { before: stateOf(before), after: stateOf(after) };
};
