/**
 * What the files of an archive of Debian packages say, as far as it is needed to know whether the archive is whole: the list in
 * InRelease or Release, and the files of the pool in Packages and Sources.
 */
import type { Digest } from '../../artefact/digest.ts';
import type { DigestOfFile } from './expected-file.ts';

export interface AptListed {
  /** Seen from the folder of the suite. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: Digest | undefined;
  readonly sha512: Digest | undefined;
}

export interface AptRelease {
  /** Fields of one line by their names in lower case. */
  readonly fields: ReadonlyMap<string, string>;
  readonly files: readonly AptListed[];
}

export interface AptPoolFile {
  /** As it is written, seen from the root of the archive. */
  readonly path: string;
  readonly sizeBytes: number | undefined;
  readonly digest: Digest | undefined;
}

export type AptPoolFiles =
  | { readonly kind: 'files'; readonly files: readonly AptPoolFile[] }
  /** What the index was, unpacked. */
  | { readonly kind: 'end'; readonly sizeBytes: number; readonly sha256: string };

/** Each throws WireError when the file is not what it should be, and says why. */
export interface AptDocuments {
  readonly release: (path: string) => Promise<AptRelease>;
  /** A part at a time. */
  readonly poolFiles: (index: string, kind: 'Packages' | 'Sources') => AsyncIterable<AptPoolFiles>;
  readonly digest: DigestOfFile;
}
