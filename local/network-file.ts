import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Inventory } from '#domain/inventory/inventory.ts';
import { type LocalClient, parseNetworkFile } from '#wire/network-file/parse-network-file.ts';
import { printPath } from '#wire/network-file/problem.ts';
import { type Position, readYaml } from './yaml-document.ts';

/** One problem, where it is, for a person with an editor. */
export interface LocatedProblem extends Position {
  /** `hosts[3].country`; empty when the file as a whole or its syntax is meant. */
  readonly path: string;
  readonly message: string;
  /** The text of that line, shortened; empty when there is none. */
  readonly sourceLine: string;
}

export type LoadedNetworkFile =
  | { readonly kind: 'ok'; readonly inventory: Inventory; readonly localClient: LocalClient }
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

const wholeFile = (message: string, line = 1): LoadedNetworkFile => ({
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

/** The same for text that is already in memory; relative directories are resolved against `folder`. */
export const readNetworkFile = (bytes: Uint8Array, folder: string): LoadedNetworkFile => {
  if (bytes.length > LARGEST_FILE_BYTES) return wholeFile(`larger than ${LARGEST_FILE_BYTES / 1024 / 1024} MiB`);
  const text = decoded(bytes);
  if (text === undefined) return wholeFile('this line is not UTF-8', firstBadLine(bytes));
  const document = readYaml(text);
  if (document.kind === 'invalid')
    return {
      kind: 'invalid',
      problems: inOrder(
        document.problems.map((one) => ({ ...one, path: '' })),
        text,
      ),
    };
  const parsed = parseNetworkFile(document.value, (path) => resolve(folder, path));
  if (parsed.kind === 'ok') return parsed;
  const located = parsed.problems.map(({ path, at, message }) => ({
    ...document.locate(path, at),
    path: printPath(path),
    message,
  }));
  return { kind: 'invalid', problems: inOrder(located, text) };
};

const CANNOT_READ: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'the file may not be read',
  EISDIR: 'this is a directory',
};

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

/** Reads no more than one byte above the limit, whatever the file is. */
const readLimited = async (path: string): Promise<Uint8Array> => {
  const file = await open(path);
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of file.createReadStream({ end: LARGEST_FILE_BYTES, autoClose: false })) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } finally {
    await file.close();
  }
};

/** Reads a network file from disk. A file that cannot be read is a problem like any other; other faults are thrown. */
export const loadNetworkFile = async (path: string): Promise<LoadedNetworkFile> => {
  try {
    return readNetworkFile(await readLimited(path), dirname(resolve(path)));
  } catch (error) {
    const known = CANNOT_READ[codeOf(error)];
    if (known !== undefined) return wholeFile(known);
    throw error;
  }
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
