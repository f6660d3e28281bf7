import { Fault } from '#domain/errors.ts';
import type { DrainStore } from '#ports/drain-store.ts';

/** Each time somebody else's write was done, or a transaction was in the way. */
const MOST_TRIES = 15;

/** Reads, decides, writes, until a decision was written or wants nothing written. */
export const changeDrain =
  ({ pair, groupsOf, write }: Pick<DrainStore, 'pair' | 'groupsOf' | 'write'>): DrainStore['change'] =>
  async (key, groups, decide) => {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const [present, bounds] = await Promise.all([pair(key), groupsOf(key.category, groups)]);
      const change = await decide({ pair: present, groups: bounds });
      if (change === undefined) return { pair: present, change };
      if ((await write(change)).kind === 'written') return { pair: change.next, change };
    }
    throw new Fault(`the synchronisation of ${key.host} in ${key.category} could not be written in ${MOST_TRIES} tries`);
  };
