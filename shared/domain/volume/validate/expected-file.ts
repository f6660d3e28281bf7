/**
 * What an index says of a file, against the file itself. A release knows the SHA-256 and the size of everything in it, so a file
 * that is named with its SHA-256 is proved without reading it. Of files that are named with another digest, the small ones are read
 * (indexes, notes); of large ones only the presence and the size are known to be right, as the packages of an index with SHA-512.
 */
import { type Digest, type DigestAlgorithm, digestName } from '../../artefact/digest.ts';
import { entryPath } from '../../artefact/entry-path.ts';
import { WireError } from '../../errors.ts';
import type { TreeReader } from '../tree-reader.ts';
import type { ProblemList } from './problem-list.ts';

/** Undefined when there is no such file, or it is too large to be read for its digest. */
export type DigestOfFile = (path: string, algorithm: DigestAlgorithm) => Promise<string | undefined>;

export interface ExpectedFile {
  /** In the release. */
  readonly path: string;
  readonly sizeBytes?: number;
  readonly digest?: Digest;
  /** The path of the index that says so. */
  readonly said: string;
}

export interface FileRules {
  readonly tree: Pick<TreeReader, 'entry'>;
  readonly problems: ProblemList;
}

/** False when a problem was found. A digest other than SHA-256 is not compared: see expectFileOfAnyDigest. */
export function expectFile({ tree, problems }: FileRules, { path, sizeBytes, digest, said }: ExpectedFile): boolean {
  const entry = tree.entry(path);
  if (entry === undefined) {
    problems.add(path, `is not in the release, but ${said} names it`);
    return false;
  }
  let good = true;
  if (sizeBytes !== undefined && entry.sizeBytes !== sizeBytes) {
    problems.add(path, `has ${entry.sizeBytes} bytes, but ${said} says ${sizeBytes}`);
    good = false;
  }
  if (digest?.algorithm === 'sha256' && entry.sha256 !== digest.hex) {
    problems.add(path, `is sha256-${entry.sha256}, but ${said} says ${digestName(digest)}`);
    good = false;
  }
  return good;
}

export async function expectFileOfAnyDigest(rules: FileRules, file: ExpectedFile, digestOfFile: DigestOfFile): Promise<boolean> {
  if (!expectFile(rules, file)) return false;
  const { digest, path, said } = file;
  if (digest === undefined || digest.algorithm === 'sha256') return true;
  try {
    const hex = await digestOfFile(path, digest.algorithm);
    if (hex === undefined || hex === digest.hex) return true;
    rules.problems.add(path, `is ${digest.algorithm}-${hex}, but ${said} says ${digestName(digest)}`);
  } catch (fault) {
    if (!(fault instanceof WireError)) throw fault;
    rules.problems.add(path, fault.message);
  }
  return false;
}

/** A path that an index writes, seen from a folder of the release. Undefined when it leads out of that folder, or nowhere. */
export function pathBelow(folder: string, written: string): string | undefined {
  const parsed = entryPath(written);
  if (parsed.kind === 'refused' || parsed.segments.length === 0 || /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(written))
    return undefined;
  return joined(folder, parsed.segments.join('/'));
}

/** The root of the release is an empty folder. */
export const joined = (folder: string, path: string): string => (folder === '' ? path : `${folder}/${path}`);

export const folderOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf('/'), 0));

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
