/**
 * Takes a part of a list such that later slots take the parts after it: as many whole items as fit a budget, from a place that
 * depends on nothing but the slot and a name. Consecutive slots meet every item, whatever the items cost, because the place
 * moves by no more items than a slot is sure to take.
 */
import { spread } from './spread.ts';

export interface Rotation {
  /** Costs of the items taken sum up to at most this. */
  readonly budget: number;
  /** Counts up with time. */
  readonly slot: number;
  /** Different names start at different places. */
  readonly name: string;
}

export const rotate = <T>(items: readonly T[], cost: (item: T) => number, { budget, slot, name }: Rotation): T[] => {
  const dearest = items.reduce((most, item) => Math.max(most, cost(item)), 1);
  const step = Math.max(1, Math.floor(budget / dearest));
  const start = (Math.floor(spread(name) * items.length) + slot * step) % Math.max(1, items.length);
  const taken: T[] = [];
  let left = budget;
  for (let offset = 0; offset < items.length; offset += 1) {
    const item = items[(start + offset) % items.length];
    if (item === undefined || cost(item) > left) break;
    left -= cost(item);
    taken.push(item);
  }
  return taken;
};
