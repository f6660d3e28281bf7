import { type NetworkFileProblem, type ProblemPath, printPath, problem } from './problem.ts';

export interface Keyed {
  /** Undefined: there is nothing to compare. */
  readonly key: string | undefined;
  readonly path: ProblemPath;
}

/** Reports every value that an earlier entry already has. */
export const duplicates = (entries: readonly Keyed[], what: string): readonly NetworkFileProblem[] => {
  const first = new Map<string, ProblemPath>();
  return entries.flatMap(({ key, path }) => {
    if (key === undefined) return [];
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, path);
    return earlier === undefined ? [] : [problem(path, `${what} is already at ${printPath(earlier)}`)];
  });
};
