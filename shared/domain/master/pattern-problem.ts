/**
 * Says what is wrong with a regular expression that an administrator wrote, before any path is matched against it. A backtracking
 * engine needs exponential time for a few short shapes (OWASP calls it ReDoS), and one such rule would stop a scan of a whole
 * master; so we accept a subset that is easy to explain: a group that repeats contains no further repetition and no alternative,
 * two unbounded repetitions never stand side by side, and there are few of them. Backreferences and look-behind are refused.
 */

export const LONGEST_PATTERN = 500;
/** Unbounded repetitions (`*`, `+`, `{n,}`) in one expression; Fedora's longest rule has six. */
const MOST_REPETITIONS = 10;
/** Unbounded repetitions of `.`, which also crosses slashes; each one multiplies the work by the path's length. */
const MOST_WILDCARDS = 2;

// One token: an escape, a class, a group's opening, a quantifier, or any single character.
const TOKEN =
  /\\(?:k<[^>]*>|[pPu]\{[^}]*\}|.)|\[(?:\\.|[^\]\\])*\]|\((?:\?(?:<[A-Za-z_$][\w$]*>|<[=!]|[:=!]))?|(?:[*+?]|\{\d+(?:,\d*)?\})\??|./gsu;
const QUANTIFIER = /^(?:[*+?]|\{\d+(?:,\d*)?\})/;

interface Group {
  /** Holds a repetition, an option or an alternative, directly or deeper. */
  complex: boolean;
}

interface Progress {
  readonly groups: Group[];
  /** The group that just closed, if that is what the next quantifier would repeat. */
  closed: Group | undefined;
  repetitions: number;
  wildcards: number;
}

const repeatsOften = (quantifier: string): boolean => !/^(?:\?|\{[01](?:,1)?\})/.test(quantifier);
const isUnbounded = (token: string): boolean => /^(?:[*+]|\{\d+,\})/.test(token);
const isSingle = (token: string): boolean => token.length === 1 && token !== '.' && token !== ')';
/** Different single characters cannot compete for the same text; anything wider might. */
const mayOverlap = (left: string, right: string): boolean => left === right || !(isSingle(left) && isSingle(right));

/** Whether the repetition at `at` follows another one directly; a bracket between them, as in `(a+)a+`, changes nothing. */
const isAdjacent = (tokens: readonly string[], at: number): boolean => {
  let before = at - 2;
  while (tokens[before] === ')' || tokens[before]?.startsWith('(')) before -= 1;
  return isUnbounded(tokens[before] ?? '') && mayOverlap(tokens[before - 1] ?? '', tokens[at - 1] ?? '');
};

const onQuantifier = (progress: Progress, tokens: readonly string[], at: number): string | undefined => {
  const quantifier = tokens[at] ?? '';
  if (progress.closed?.complex && repeatsOften(quantifier)) {
    return `the group before \`${quantifier}\` is repeated and holds a repetition or an alternative itself, which can take forever`;
  }
  progress.closed = undefined;
  for (const group of progress.groups) group.complex = true;
  if (!isUnbounded(quantifier)) return undefined;
  if (isAdjacent(tokens, at)) return 'two unbounded repetitions stand side by side, which can take forever';
  progress.repetitions += 1;
  if (tokens[at - 1] === '.') progress.wildcards += 1;
  if (progress.wildcards > MOST_WILDCARDS) {
    return `\`.\` is repeated more than ${MOST_WILDCARDS} times; name what stands there, \`[^/]+\` for instance`;
  }
  return progress.repetitions > MOST_REPETITIONS ? `more than ${MOST_REPETITIONS} unbounded repetitions` : undefined;
};

const onAtom = (progress: Progress, token: string): string | undefined => {
  progress.closed = undefined;
  if (/^\\[1-9k]/.test(token)) return 'backreferences are not allowed';
  if (token === '(?<=' || token === '(?<!') return 'look-behind is not allowed';
  if (token === '|') for (const group of progress.groups) group.complex = true;
  if (token.startsWith('(')) progress.groups.push({ complex: false });
  if (token === ')') progress.closed = progress.groups.pop();
  return undefined;
};

const repetitionProblem = (pattern: string): string | undefined => {
  const progress: Progress = { groups: [], closed: undefined, repetitions: 0, wildcards: 0 };
  const tokens = pattern.match(TOKEN) ?? [];
  for (const [at, token] of tokens.entries()) {
    const problem = QUANTIFIER.test(token) ? onQuantifier(progress, tokens, at) : onAtom(progress, token);
    if (problem !== undefined) return problem;
  }
  return undefined;
};

/** `undefined` when the expression is well-formed and cheap; else the reason, for people. */
export const patternProblem = (pattern: string): string | undefined => {
  if (pattern.length > LONGEST_PATTERN) return `longer than ${LONGEST_PATTERN} characters`;
  try {
    new RegExp(pattern, 'u');
  } catch (error) {
    return `not a regular expression: ${error instanceof Error ? error.message.replace(/^.*?\/u: /s, '') : 'malformed'}`;
  }
  return repetitionProblem(pattern);
};

/** Names of the groups that a well-formed expression defines; empty for a malformed one. */
export const patternGroups = (pattern: string): readonly string[] => {
  const tokens = pattern.match(TOKEN) ?? [];
  return tokens.flatMap((token) => /^\(\?<([A-Za-z_$][\w$]*)>$/.exec(token)?.[1] ?? []);
};
