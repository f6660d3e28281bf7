/**
 * The files that a volume is to have after an update, as its upstream describes them. Good indexes say a file's SHA-256 and size,
 * and then what is stored already is known without asking for it. Others say another digest, or like rsync a size and a time; then
 * what was remembered of an earlier copy counts as long as upstream says the same, and otherwise the file is copied to see what it
 * is. Two descriptions of one path that differ mean that upstream contradicts itself, and nothing is made of it.
 */
import { type Digest, digestName, sameDigest } from '../../artefact/digest.ts';
import { excludedPaths } from '../excluded-paths.ts';
import type { EntryMode, Sha256 } from '../tree.ts';
import { treePathProblem } from '../tree-path.ts';

export interface WantedFile {
  /** In the release. */
  readonly path: string;
  /** Where upstream has it, when that is another path below its top. */
  readonly from?: string;
  /** Where it is read, when that is not below upstream's top. */
  readonly url?: string;
  readonly sha256?: Sha256;
  /** Of another kind; it proves the bytes and does not name them. */
  readonly digest?: Digest;
  readonly sizeBytes?: number;
  /** Something that changes with the file. */
  readonly mark?: string;
  readonly mode: EntryMode;
}

export interface Content {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
}

/** A file that was copied, under what upstream said of it then without saying its SHA-256. */
export interface RememberedFile extends Content {
  readonly said: string;
}

/** By path. */
export type RememberedFiles = ReadonlyMap<string, RememberedFile>;

/** A file as indexes describe it: a digest of any kind, perhaps a size. */
export const statedFile = (path: string, digest: Digest | undefined, sizeBytes: number | undefined): WantedFile => ({
  path,
  mode: 'file',
  ...(digest?.algorithm === 'sha256' ? { sha256: digest.hex } : {}),
  ...(digest === undefined || digest.algorithm === 'sha256' ? {} : { digest }),
  ...(sizeBytes === undefined ? {} : { sizeBytes }),
});

/** What upstream says of a file whose SHA-256 it does not say; empty when that is nothing to go by. */
export const saidOf = ({ digest, mark, sizeBytes }: WantedFile): string => {
  const proof = digest === undefined ? mark : digestName(digest);
  return proof === undefined ? '' : `${proof} ${sizeBytes ?? ''}`.trim();
};

/** What the file is, if that is known without reading it. `sizes` are those of stored objects by their hashes. */
export const knownContent = (
  file: WantedFile,
  sizes: ReadonlyMap<Sha256, number>,
  remembered: RememberedFiles,
): Content | undefined => {
  if (file.sha256 !== undefined) {
    const sizeBytes = file.sizeBytes ?? sizes.get(file.sha256);
    return sizeBytes === undefined ? undefined : { sha256: file.sha256, sizeBytes };
  }
  const before = remembered.get(file.path);
  const said = saidOf(file);
  if (before === undefined || said === '' || before.said !== said) return undefined;
  return { sha256: before.sha256, sizeBytes: before.sizeBytes };
};

/** What is wrong with bytes that were received for the file. */
export const contentProblem = (file: WantedFile, received: Content, digest: Digest | undefined): string | undefined => {
  if (file.sizeBytes !== undefined && received.sizeBytes !== file.sizeBytes)
    return `has ${received.sizeBytes} bytes, and not ${file.sizeBytes} as upstream says`;
  if (file.sha256 !== undefined && received.sha256 !== file.sha256)
    return `is sha256-${received.sha256}, and not ${file.sha256} as upstream says`;
  if (file.digest !== undefined && digest !== undefined && !sameDigest(file.digest, digest))
    return `is ${digestName(digest)}, and not ${file.digest.hex} as upstream says`;
  return undefined;
};

const differs = <Value>(one: Value | undefined, other: Value | undefined): boolean =>
  one !== undefined && other !== undefined && one !== other;

const contradicts = (one: WantedFile, other: WantedFile): boolean =>
  differs(one.sha256, other.sha256) ||
  differs(one.sizeBytes, other.sizeBytes) ||
  (one.digest?.algorithm === other.digest?.algorithm && differs(one.digest?.hex, other.digest?.hex));

export interface WantedFiles {
  /** Says what is wrong with it, or undefined. What fits an exclude is passed over. */
  readonly add: (file: WantedFile) => string | undefined;
  readonly isExcluded: (path: string) => boolean;
  readonly files: ReadonlyMap<string, WantedFile>;
}

/** `excludes` are regular expressions over whole paths. */
export const wantedFiles = (excludes: readonly string[]): WantedFiles => {
  const isExcluded = excludedPaths(excludes);
  const files = new Map<string, WantedFile>();
  return {
    files,
    isExcluded,
    add: (file) => {
      const problem = treePathProblem(file.path);
      if (problem !== undefined) return problem;
      if (isExcluded(file.path)) return undefined;
      const before = files.get(file.path);
      if (before !== undefined && contradicts(before, file)) return 'is described in two ways';
      files.set(file.path, { ...file, ...before });
      return undefined;
    },
  };
};

export interface WantedTotals {
  readonly files: number;
  readonly bytes: number;
}

/** Undefined when upstream does not say all sizes. */
export const totalsOf = (files: Iterable<WantedFile>): WantedTotals | undefined => {
  let [count, bytes] = [0, 0];
  for (const { sizeBytes } of files) {
    if (sizeBytes === undefined) return undefined;
    count += 1;
    bytes += sizeBytes;
  }
  return { files: count, bytes };
};
