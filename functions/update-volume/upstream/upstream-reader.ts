import { WireError } from '#domain/errors.ts';
import type { TreeReader } from '#domain/volume/tree-reader.ts';
import type { UpstreamHead } from '#domain/volume/upstream/upstream-check.ts';
import { type Content, type WantedFile, wantedFiles } from '#domain/volume/upstream/wanted-file.ts';
import { broken, UpdateStopped } from '../update-stopped.ts';

/** A file that the release has and upstream does not. */
export interface MadeFile {
  readonly path: string;
  readonly text: string;
}

/** All that there is upstream at one moment. */
export interface UpstreamListing {
  readonly heads: readonly UpstreamHead[];
  /** By path. */
  readonly files: ReadonlyMap<string, WantedFile>;
  /** What is made from the files, once it is known what they are. */
  readonly made?: (contents: ReadonlyMap<string, Content>) => Iterable<MadeFile>;
}

export interface UpstreamReader {
  /** `same`: the heads are as they are known, and nothing else was read. Throws UpdateStopped. */
  readonly list: (known: readonly UpstreamHead[]) => Promise<UpstreamListing | 'same'>;
  /**
   * When a second look must see the same heads. Indexes that were read while they were replaced do not fit together; files whose
   * hashes are not said may be replaced as long as they are copied; pages that each stand alone need no second look.
   */
  readonly confirm: 'at-once' | 'in-the-end' | 'never';
}

/** What cannot be read is upstream's fault, and ends the run. */
export const readable = async <T>(path: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof WireError) throw broken(path, error.message);
    throw error;
  }
};

/** A tree of the one document that a parser is to read. */
export const documentTree = (bytes: Uint8Array): TreeReader => ({
  entry: () => undefined,
  paths: () => [],
  read: async () => bytes,
});

export interface ListedFiles {
  readonly add: (file: WantedFile) => void;
  readonly isExcluded: (path: string) => boolean;
  readonly files: ReadonlyMap<string, WantedFile>;
}

/** As many as are held in memory at once; the largest archives have half of it. */
const MOST_FILES = 2_000_000;

/** The files of a listing; one that cannot be in a tree ends the run. */
export const listedFiles = (excludes: readonly string[]): ListedFiles => {
  const { add, ...wanted } = wantedFiles(excludes);
  return {
    ...wanted,
    add: (file) => {
      const problem = add(file);
      if (problem !== undefined) throw broken(JSON.stringify(file.path), problem);
      if (wanted.files.size > MOST_FILES) throw new UpdateStopped('guarded', `upstream has more than ${MOST_FILES} files`);
    },
  };
};
