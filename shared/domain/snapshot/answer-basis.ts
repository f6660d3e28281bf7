/**
 * The part of an observation that a snapshot is made of. Moments of checking are left out: they change with every check, and
 * matter only when they become too old, which publishing looks for at a pace of its own. Two observations with an equal basis
 * give the same answers, so nobody needs to be told of the second.
 */
import type { Observation } from '../crawl/observation.ts';

/** Plain data, compared as its JSON. */
export const answerBasis = ({ host, category, generation, facts, health, checkIn }: Observation): readonly unknown[] => [
  [host, category, generation, facts, checkIn?.sinceMs],
  health.map(({ protocol, state, evidence }) => [protocol, state, evidence]),
];

export const changesAnswers = (before: Observation | undefined, after: Observation): boolean =>
  before === undefined || JSON.stringify(answerBasis(before)) !== JSON.stringify(answerBasis(after));
