/**
 * What is wrong with a release, for whoever published it. Everything is looked at, since a publisher who repairs one path at a time
 * runs ten times; but a tree that was built wrongly is wrong everywhere, and nobody reads a million lines. So the first problems
 * are kept, in the order they were found, and the rest are counted in the last one.
 */
import { MOST_PROBLEMS, type ReleaseProblem } from '../release.ts';

export interface ProblemList {
  /** An empty path is the release as a whole. */
  readonly add: (path: string, message: string) => void;
  readonly list: () => readonly ReleaseProblem[];
}

const LONGEST_PATH = 500;
const LONGEST_MESSAGE = 600;

export function problemList(): ProblemList {
  const kept: ReleaseProblem[] = [];
  let found = 0;
  return {
    add: (path, message) => {
      found += 1;
      if (kept.length < MOST_PROBLEMS)
        kept.push({ path: shortened(path, LONGEST_PATH), message: shortened(message, LONGEST_MESSAGE) });
    },
    list: () => {
      if (found <= MOST_PROBLEMS) return [...kept];
      const shown = kept.slice(0, MOST_PROBLEMS - 1);
      return [...shown, { path: '', message: `${found - shown.length} more problems` }];
    },
  };
}

/** What a damaged index calls a path may be a megabyte. */
const shortened = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most)}…`);
