import { type NetworkFileProblem, type ProblemPath, printPath, problem } from './problem.ts';
import { field, list, text } from './raw.ts';

interface Entry {
  readonly key: string | undefined;
  readonly path: ProblemPath;
}

const twice = (entries: readonly Entry[], what: string): readonly NetworkFileProblem[] => {
  const first = new Map<string, ProblemPath>();
  return entries.flatMap(({ key, path }) => {
    if (key === undefined) return [];
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, path);
    return earlier === undefined ? [] : [problem(path, `${what} is already at ${printPath(earlier)}`)];
  });
};

const tokenProblems = (tokens: readonly unknown[]): readonly NetworkFileProblem[] =>
  tokens.flatMap((token, at) => {
    const named = field(token, 'host') !== undefined;
    const claiming = field(token, 'claims') !== undefined;
    return named === claiming ? [problem(['locks', 'identities', 'tokens', at], 'needs either `host` or `claims`')] : [];
  });

/** Locks and tokens that stand twice, tokens of nobody. */
export const lockProblems = (document: unknown): readonly NetworkFileProblem[] => {
  const locks = field(document, 'locks');
  const tokens = list(field(field(locks, 'identities'), 'tokens'));
  const operators = list(field(locks, 'operators'));
  const digests = [
    ...tokens.map((one, at) => ({ one, path: ['locks', 'identities', 'tokens', at, 'sha256'] })),
    ...operators.map((one, at) => ({ one, path: ['locks', 'operators', at, 'sha256'] })),
  ];
  return [
    ...twice(
      list(field(locks, 'locks')).map((lock, at) => ({ key: text(field(lock, 'name')), path: ['locks', 'locks', at, 'name'] })),
      'this lock',
    ),
    ...twice(
      digests.map(({ one, path }) => ({ key: text(field(one, 'sha256'))?.toLowerCase(), path })),
      'this token',
    ),
    ...tokenProblems(tokens),
  ];
};
