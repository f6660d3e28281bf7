import type { Inventory } from '#domain/inventory/inventory.ts';
import { type LocalClient, parseNetworkFile } from './parse-network-file.ts';
import { type NetworkFileProblem, type ProblemPath, printPath } from './problem.ts';
import type { ResolveDirectory } from './to-inventory.ts';
import { type Position, readYaml, type YamlDocument } from './yaml-document.ts';

/** One problem, where it is, for a person with an editor. */
export interface LocatedProblem extends Position {
  /** `hosts[3].country`; empty when the file as a whole or its syntax is meant. */
  readonly path: string;
  readonly message: string;
  /** The text of that line, shortened; empty when there is none. */
  readonly sourceLine: string;
}

export type LoadedNetworkFile =
  | {
      readonly kind: 'ok';
      readonly inventory: Inventory;
      readonly localClient: LocalClient;
      /** What others find wrong with the file later on, at its place; of a path that the file does not have, at the nearest above it. */
      readonly problemAt: (path: ProblemPath, message: string) => LocatedProblem;
    }
  | { readonly kind: 'invalid'; readonly problems: readonly LocatedProblem[] };

export const LARGEST_FILE_BYTES = 16 * 1024 * 1024;
/** More would bury the first ones; the last entry says how many are left out. */
const MOST_PROBLEMS = 200;
const LONGEST_SOURCE = 160;

const decoded = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    // The decoder's only failure is malformed text.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
};

/** A line feed is never part of a longer UTF-8 sequence, so lines can be tried one by one. */
const firstBadLine = (bytes: Uint8Array): number => {
  let line = 1;
  for (let start = 0; start < bytes.length; line += 1) {
    const end = bytes.indexOf(0x0a, start);
    const stop = end === -1 ? bytes.length : end;
    if (decoded(bytes.subarray(start, stop)) === undefined) return line;
    start = stop + 1;
  }
  return line;
};

/** A problem of the file as a whole. */
export const wholeFileProblem = (message: string, line = 1): LoadedNetworkFile => ({
  kind: 'invalid',
  problems: [{ line, column: 1, path: '', message, sourceLine: '' }],
});

/** A refused URL may hold a password, and terminals' output ends in logs. As many stars keep the column. */
const withoutPasswords = (line: string): string =>
  line.replace(/(:\/\/)([^/\s@]*@)/g, (_, slashes: string, user: string) => `${slashes}${'*'.repeat(user.length - 1)}@`);

const shorten = (line: string): string => {
  const clean = withoutPasswords(line.replace(/\r$/, ''));
  return clean.length > LONGEST_SOURCE ? `${clean.slice(0, LONGEST_SOURCE - 1)}…` : clean;
};

const inOrder = (problems: readonly Omit<LocatedProblem, 'sourceLine'>[], text: string): readonly LocatedProblem[] => {
  const sorted = problems.toSorted(
    (left, right) => left.line - right.line || left.column - right.column || (left.message < right.message ? -1 : 1),
  );
  const lines = text.split('\n');
  const shown = sorted.slice(0, MOST_PROBLEMS).map((one) => ({ ...one, sourceLine: shorten(lines[one.line - 1] ?? '') }));
  const rest = sorted.length - shown.length;
  return rest === 0 ? shown : [...shown, { line: 1, column: 1, path: '', message: `and ${rest} more problems`, sourceLine: '' }];
};

type Located = Extract<YamlDocument, { kind: 'ok' }>;

const placed = ({ path, at, message }: NetworkFileProblem, document: Located): Omit<LocatedProblem, 'sourceLine'> => ({
  ...document.locate(path, at),
  path: printPath(path),
  message,
});

/** Reads the file's bytes; `resolveDirectory` makes paths of local directories absolute. Never throws. */
export const readNetworkFile = (bytes: Uint8Array, resolveDirectory: ResolveDirectory): LoadedNetworkFile => {
  if (bytes.length > LARGEST_FILE_BYTES) return wholeFileProblem(`larger than ${LARGEST_FILE_BYTES / 1024 / 1024} MiB`);
  const text = decoded(bytes);
  if (text === undefined) return wholeFileProblem('this line is not UTF-8', firstBadLine(bytes));
  const document = readYaml(text);
  if (document.kind === 'invalid') {
    const problems = document.problems.map((one) => ({ ...one, path: '' }));
    return { kind: 'invalid', problems: inOrder(problems, text) };
  }
  const parsed = parseNetworkFile(document.value, resolveDirectory);
  if (parsed.kind === 'invalid') {
    const problems = parsed.problems.map((one) => placed(one, document));
    return { kind: 'invalid', problems: inOrder(problems, text) };
  }
  const lines = text.split('\n');
  const problemAt = (path: ProblemPath, message: string): LocatedProblem => {
    const one = placed({ path, at: 'value', message }, document);
    return { ...one, sourceLine: shorten(lines[one.line - 1] ?? '') };
  };
  return { ...parsed, problemAt };
};

/** `network.yaml:12:5  hosts[3].country: …` with the line beneath and a mark under the column. */
export const printProblems = (file: string, problems: readonly LocatedProblem[]): string =>
  problems
    .map(({ line, column, path, message, sourceLine }) => {
      const head = `${file}:${line}:${column}  ${path === '' ? '' : `${path}: `}${message}\n`;
      if (sourceLine.trim() === '') return head;
      const mark = column <= sourceLine.length ? `    ${sourceLine.slice(0, column - 1).replace(/[^\t]/g, ' ')}^\n` : '';
      return `${head}    ${sourceLine}\n${mark}`;
    })
    .join('');
