/**
 * Says what is wrong with a regular expression that an administrator wrote, before any path is matched against it. A backtracking
 * engine needs exponential time for a few short shapes (OWASP calls it ReDoS), and one such rule would stop a scan of a whole
 * master; so we accept a subset that is easy to explain: a group that repeats contains no further repetition and no alternative,
 * two unbounded repetitions never stand side by side, and only once in an expression may two of them compete for the same text,
 * which bounds the work to the square of a path's length. Backreferences and look-behind are refused.
 */

export const LONGEST_PATTERN = 500;
/** Unbounded repetitions (`*`, `+`, `{n,}`) in one expression; Fedora's longest rule has six. */
const MOST_REPETITIONS = 10;
/** Pairs of repetitions that compete for the same text; each one multiplies the work by the path's length. */
const MOST_COMPETING = 1;

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
  competing: number;
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

/** The one character that a token stands for. */
const literalOf = (token: string): string | undefined => {
  if (/^\\[^A-Za-z0-9]$/.test(token)) return token.slice(1);
  return /^[^\\.^$|()[\]{}*+?]$/su.test(token) ? token : undefined;
};

/** A group counts as `.`: what it can match is not worked out. */
const canMatch = (atom: string, character: string): boolean => atom === ')' || new RegExp(`^(?:${atom})$`, 'su').test(character);

/** Whether the repetition at `at` and the one before it could share out the same text in several ways. */
const competes = (tokens: readonly string[], at: number): boolean => {
  for (let before = at - 1; before > 0; before -= 1) {
    const token = tokens[before] ?? '';
    if (token === '|') return false;
    if (isUnbounded(token)) {
      const between = tokens.slice(before + 1, at - 1);
      return !between.some((one, index) => separates(tokens[before - 1] ?? '', one, tokens[before + 2 + index] ?? ''));
    }
  }
  return false;
};

const separates = (atom: string, token: string, next: string): boolean => {
  const literal = literalOf(token);
  return literal !== undefined && !/^(?:[?*]|\{0)/.test(next) && !canMatch(atom, literal);
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
  if (competes(tokens, at)) progress.competing += 1;
  if (progress.competing > MOST_COMPETING) {
    return 'repetitions compete for the same text; put something between them that the first cannot match, as in `[^/]+/.*`';
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
  const progress: Progress = { groups: [], closed: undefined, repetitions: 0, competing: 0 };
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
