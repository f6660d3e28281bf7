/**
 * What a check asks of a mirror within its number of requests. Heads first: those never read, then those that were not the
 * newest, then the others in turn. Of the directories, those that wait for a proof since the master changed, then in turn one
 * half of the rest goes to excluded directories, so that a mirror that catches up returns, and one half to those that count as
 * equal, so that a loss is found. Directories below a head that is not the newest are not asked: they cannot be equal.
 */
import type { Coverage, HeadTree } from '../freshness/coverage.ts';
import { isNewest } from '../freshness/facts.ts';
import type { DirectoryId, ManifestDirectory } from '../master/manifest.ts';
import type { Facts } from './observation.ts';
import { type Rotation, rotate } from './rotate.ts';

const seenIn = (facts: Facts | undefined, headPath: string) =>
  facts !== undefined && Object.hasOwn(facts.heads, headPath) ? facts.heads[headPath] : undefined;

export const chooseHeads = (coverage: Coverage, facts: Facts | undefined, rotation: Rotation): readonly HeadTree[] => {
  const unread = coverage.trees.filter(({ headPath }) => seenIn(facts, headPath) === undefined);
  const known = coverage.trees.filter(({ headPath }) => seenIn(facts, headPath) !== undefined);
  const behind = known.filter((tree) => !isNewest(tree, seenIn(facts, tree.headPath)));
  const newest = known.filter((tree) => isNewest(tree, seenIn(facts, tree.headPath)));
  const first = unread.slice(0, rotation.budget);
  const second = rotate(behind, () => 1, { ...rotation, budget: rotation.budget - first.length });
  const third = rotate(newest, () => 1, { ...rotation, budget: rotation.budget - first.length - second.length });
  return [...first, ...second, ...third];
};

/** Heads that prove a mirror's reach, the likeliest first: one that answers is enough. */
export const chooseReachHeads = (coverage: Coverage, facts: Facts | undefined, count: number): readonly HeadTree[] => {
  const served = coverage.trees.filter(({ headPath }) => seenIn(facts, headPath)?.kind === 'digest');
  const others = coverage.trees.filter(({ headPath }) => seenIn(facts, headPath)?.kind !== 'digest');
  return [...served, ...others].slice(0, count);
};

/** Requests that a directory costs: one for each sampled file; one for itself when it holds no files. */
export const sampleCost = (directory: ManifestDirectory): number => Math.max(1, directory.sample.length);

export interface SampleChoice {
  readonly directories: readonly ManifestDirectory[];
  /** How many of them waited for their first comparison. */
  readonly waited: number;
}

const takeWaiting = (coverage: Coverage, waiting: readonly DirectoryId[], budget: number): readonly ManifestDirectory[] => {
  const taken: ManifestDirectory[] = [];
  let left = budget;
  for (const id of waiting.toReversed()) {
    const directory = coverage.directories.get(id);
    // One is taken whatever it costs, else a directory dearer than the budget would block those behind it for ever.
    if (directory === undefined || left <= 0 || (taken.length > 0 && sampleCost(directory) > left)) break;
    left -= sampleCost(directory);
    taken.push(directory);
  }
  return taken;
};

export const chooseDirectories = (
  coverage: Coverage,
  facts: Facts,
  waiting: readonly DirectoryId[],
  rotation: Rotation,
): SampleChoice => {
  const first = takeWaiting(coverage, waiting, rotation.budget);
  const spent = first.reduce((sum, directory) => sum + sampleCost(directory), 0);
  const left = rotation.budget - spent;
  if (left <= 0 || first.length < waiting.length) return { directories: first, waited: first.length };
  const newest = coverage.trees.map((tree) => isNewest(tree, seenIn(facts, tree.headPath)));
  const asked = new Set(first.map(({ id }) => id));
  const excluded = new Set(facts.excluded);
  const provable = [...coverage.directories.values()].filter(({ id, readable }) => {
    const tree = coverage.treeOf.get(id);
    return readable && !asked.has(id) && (tree === undefined || newest[tree] === true);
  });
  const [differing, equal] = [provable.filter(({ id }) => excluded.has(id)), provable.filter(({ id }) => !excluded.has(id))];
  const back = rotate(differing, sampleCost, { ...rotation, budget: Math.ceil(left / 2) });
  const used = back.reduce((sum, directory) => sum + sampleCost(directory), 0);
  const again = rotate(equal, sampleCost, { ...rotation, budget: left - used });
  return { directories: [...first, ...back, ...again], waited: first.length };
};
