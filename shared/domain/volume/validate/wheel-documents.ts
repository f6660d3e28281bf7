/**
 * What is inside a wheel, as far as it is needed to know whether pip can install it as what its name says (PEP 427): the members of
 * the zip archive, and the three documents METADATA, WHEEL and RECORD.
 */
import type { Digest, DigestAlgorithm } from '../../artefact/digest.ts';

export interface WheelMember {
  readonly path: string;
  readonly sizeBytes: number;
}

/** Fields of a header, by their names in lower case, each with all its values. */
export type HeaderFields = ReadonlyMap<string, readonly string[]>;

export interface RecordRow {
  readonly path: string;
  /** Undefined where the row has none. */
  readonly digest: Digest | 'unreadable' | undefined;
  readonly sizeBytes: number | undefined;
}

/** Each throws WireError when the member is damaged, compared with what the archive says of it. */
export interface WheelArchive {
  /** Without folders. */
  readonly members: readonly WheelMember[];
  readonly header: (path: string) => Promise<HeaderFields>;
  readonly record: (path: string) => Promise<readonly RecordRow[]>;
  readonly digest: (path: string, algorithm: DigestAlgorithm) => Promise<string>;
}

export interface PageLink {
  /** As it is written. */
  readonly href: string;
  /** Seen from the root of the release; undefined for a place outside of it. */
  readonly path: string | undefined;
  /** Lower case. */
  readonly sha256: string | undefined;
}

export interface PythonDocuments {
  /** Throws WireError when it is no zip archive, or is cut off. */
  readonly wheel: (path: string) => Promise<WheelArchive>;
  readonly page: (path: string) => Promise<readonly PageLink[]>;
}
