/**
 * Which loose directories still wait to be compared, without a list of them. Those that wait are the excluded ones with the
 * smallest ids, as many as the observation counts; a check asks the largest of them first. What was asked and still differs has
 * a larger id than all that wait, and what was proved has left the set, so a count is enough to go on where the last check
 * stopped. A changed master starts the count again, because a mirror that follows it deserves to be asked again.
 */
import { type Coverage, isHidden } from '../freshness/coverage.ts';
import type { ComparedFacts } from '../freshness/facts.ts';
import type { DirectoryId, Manifest } from '../master/manifest.ts';
import type { Facts, Observation } from './observation.ts';

/** Excluded loose directories that a mirror can be asked for, ascending. */
const excludedLoose = (coverage: Coverage, facts: Facts): DirectoryId[] =>
  facts.excluded.filter((id) => !(coverage.treeOf.has(id) || isHidden(coverage, id)));

export const unreadHeads = (coverage: Coverage, facts: Facts): number =>
  coverage.trees.filter(({ headPath }) => !Object.hasOwn(facts.heads, headPath)).length;

/** `facts`: as they are now that the heads were read. */
export const waitingDirectories = (
  manifest: Manifest,
  coverage: Coverage,
  before: { readonly observation: Observation; readonly compared: ComparedFacts } | undefined,
  facts: Facts,
): readonly DirectoryId[] => {
  const candidates = excludedLoose(coverage, facts);
  if (before === undefined || before.compared.generation !== manifest.generation) return candidates;
  const waiting = before.observation.unproven - unreadHeads(coverage, before.compared.facts);
  return candidates.slice(0, Math.max(0, waiting));
};
