import type { ChecksumEntry } from '#domain/artefact/choose-digest.ts';
import { DIGEST_ALGORITHMS, type Digest, digestOf, digestOfHex } from '#domain/artefact/digest.ts';

export type ChecksumLine =
  | { readonly kind: 'entry'; readonly entry: ChecksumEntry }
  /** Of an algorithm that nothing here can compute, beside which others may stand. */
  | { readonly kind: 'ignored' }
  | { readonly kind: 'unreadable' };

const UNREADABLE: ChecksumLine = { kind: 'unreadable' };

/** GNU coreutils; two characters between digest and name, the second of which is the mode. A backslash in front: the name is escaped. */
const GNU = /^(\\?)([0-9a-fA-F]{32,128}) [ *](.+)$/s;
/** `--tag` of coreutils, the programs of BSD, and `openssl dgst`, which leaves the blanks out. */
const TAGGED = /^(\\?)([A-Za-z0-9/-]{2,20}) ?\((.+)\) ?= ([0-9a-fA-F]{8,256})$/s;

/** One line of a list of checksums, without its end. */
export function parseChecksumLine(line: string): ChecksumLine {
  const gnu = GNU.exec(line);
  if (gnu !== null) return named(gnu[1] ?? '', gnu[3] ?? '', digestOfHex(gnu[2] ?? ''));
  const tagged = TAGGED.exec(line);
  if (tagged !== null) return taggedLine(tagged);
  const bare = digestOfHex(line.trim());
  return bare === undefined ? UNREADABLE : { kind: 'entry', entry: { name: undefined, digest: bare } };
}

function taggedLine([, mark = '', word = '', name = '', hex = '']: RegExpExecArray): ChecksumLine {
  const plain = word
    .toLowerCase()
    .replace(/^sha2-/, 'sha')
    .replace(/^sha-/, 'sha');
  const algorithm = DIGEST_ALGORITHMS.find((candidate) => candidate === plain);
  if (algorithm === undefined) return { kind: 'ignored' };
  return named(mark, name, digestOf(algorithm, hex));
}

function named(mark: string, written: string, digest: Digest | undefined): ChecksumLine {
  const name = mark === '' ? written : unescaped(written);
  if (name === undefined || digest === undefined) return UNREADABLE;
  // "-" is what coreutils call their standard input.
  return { kind: 'entry', entry: { name: name === '-' ? undefined : withoutDot(name), digest } };
}

export const withoutDot = (name: string): string => name.replace(/^(?:\.\/)+(?=[^/])/, '');

const ESCAPES: Readonly<Record<string, string>> = { '\\\\': '\\', '\\n': '\n', '\\r': '\r' };

function unescaped(written: string): string | undefined {
  if (!/^(?:[^\\]|\\[\\nr])*$/s.test(written)) return undefined;
  return written.replace(/\\[\\nr]/g, (pair) => ESCAPES[pair] ?? pair);
}
