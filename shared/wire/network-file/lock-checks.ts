import { duplicates } from './duplicates.ts';
import { type NetworkFileProblem, problem } from './problem.ts';
import { field, list, text } from './raw.ts';

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
    ...duplicates(
      list(field(locks, 'locks')).map((lock, at) => ({ key: text(field(lock, 'name')), path: ['locks', 'locks', at, 'name'] })),
      'this lock',
    ),
    ...duplicates(
      digests.map(({ one, path }) => ({ key: text(field(one, 'sha256'))?.toLowerCase(), path })),
      'this token',
    ),
    ...tokenProblems(tokens),
  ];
};
