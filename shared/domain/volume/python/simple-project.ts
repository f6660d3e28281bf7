/**
 * A page of the index of Python packages: the files of one project, and what pip must know of each before it downloads it (PEP 503 and
 * PEP 691, with the sizes of PEP 700, the yanked files of PEP 592 and the metadata beside files of PEP 658). Pages are made of the
 * files of a release, or of a page of somebody else's index; in both cases what is not known is left out and never invented.
 */

/** `NAME.metadata` is beside the file, so that pip need not download all of it to see what it depends on. */
export interface CoreMetadata {
  readonly sha256: string | undefined;
}

export interface SimpleFile {
  readonly name: string;
  /** An absolute path or a whole URL, or seen from the page where that is kept in a release; encoded, without a fragment. */
  readonly url: string;
  readonly sha256: string | undefined;
  readonly sizeBytes: number | undefined;
  /** A specifier such as `>=3.9`. */
  readonly requiresPython: string | undefined;
  readonly coreMetadata: CoreMetadata | undefined;
  /** Why nobody should install it who did not ask for it by its version; empty when no reason is given, undefined when it is not yanked. */
  readonly yanked: string | undefined;
  /** As written, in ISO 8601. */
  readonly uploadTime: string | undefined;
}

export interface SimpleProject {
  /** In the normal form. */
  readonly name: string;
  /** Undefined when the index does not say. */
  readonly versions: readonly string[] | undefined;
  readonly files: readonly SimpleFile[];
}
