/**
 * Directories by the hundred thousand share a few hundred different standings, because mirrors that were found to hold the same
 * facts stand alike everywhere. So standings are worked out for profiles, which are groups of carriers with equal facts, and
 * each different result is kept once.
 */
import type { Standing } from '../freshness/standing.ts';
import type { Standings } from './document.ts';

export interface StandingsTable {
  /** Index of the entry in which each profile stands as given, in the order of the profiles. */
  index(profiles: readonly (readonly number[])[], standings: readonly Standing[]): number;
  readonly entries: readonly Standings[];
}

export const standingsTable = (): StandingsTable => {
  const entries: Standings[] = [];
  const known = new Map<string, number>();
  return {
    entries,
    index: (profiles, standings) => {
      const lists: Record<Standing, number[]> = { current: [], alternate: [], stale: [], absent: [], unproven: [] };
      for (const [position, carriers] of profiles.entries()) {
        const standing = standings[position];
        if (standing !== undefined) for (const carrier of carriers) lists[standing].push(carrier);
      }
      for (const list of Object.values(lists)) list.sort((a, b) => a - b);
      const key = `${lists.current}|${lists.alternate}|${lists.stale}|${lists.absent}|${lists.unproven}`;
      const before = known.get(key);
      if (before !== undefined) return before;
      known.set(key, entries.length);
      entries.push(lists);
      return entries.length - 1;
    },
  };
};
