/**
 * Weighted shuffle: every participant draws u in (0,1) and gets the key -ln(u)/weight; ascending keys are a sample without
 * replacement in which each place goes to one of the rest in proportion to its weight (Efraimidis and Spirakis 2006). The draw is
 * a hash of the seed and the participant alone, so that a host that comes or goes does not move the others: a client keeps its
 * order over snapshots that changed for other reasons.
 */
import { drawFraction } from './hash.ts';

export interface Participant {
  readonly hash: number;
  readonly weight: number;
}

export const shuffleKey = (seed: number, participant: Participant): number =>
  -Math.log(drawFraction(seed, participant.hash)) / Math.max(participant.weight, 1);

interface Keyed<T> {
  readonly item: T;
  readonly key: number;
}

/** A new array; equal keys keep their given order. */
export const weightedOrder = <T>(items: readonly T[], seed: number, participant: (item: T) => Participant): T[] => {
  if (items.length < 2) return [...items];
  const keyed: Keyed<T>[] = items.map((item) => ({ item, key: shuffleKey(seed, participant(item)) }));
  keyed.sort((a, b) => a.key - b.key);
  return keyed.map(({ item }) => item);
};
