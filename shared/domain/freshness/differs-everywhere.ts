/**
 * A mirror differs everywhere when it shows nothing of the category: every head is absent, and every loose directory differs. That is
 * an empty disk, or another tree under the same address, and no basis for sending anybody there.
 */
import type { Facts } from '../crawl/observation.ts';
import type { Coverage } from './coverage.ts';

export const differsEverywhere = (facts: Facts, coverage: Coverage): boolean => {
  if (coverage.directories.size === 0) return false;
  const absent = coverage.trees.every(
    ({ headPath }) => Object.hasOwn(facts.heads, headPath) && facts.heads[headPath]?.kind === 'absent',
  );
  if (!absent) return false;
  const excluded = new Set(facts.excluded);
  return [...coverage.directories.values()].every(({ id, readable }) => !readable || coverage.treeOf.has(id) || excluded.has(id));
};
