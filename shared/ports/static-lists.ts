/** Prewritten answers that the CDN falls back to while `answer` is down, one per repository, architecture and format. */
export interface StaticList {
  /** `metalink/REPO/ARCH` or `mirrorlist/REPO/ARCH`; the URI that the CDN asks for. */
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
}

export interface StaticLists {
  /** Writes those that differ from what is there, removes those that are gone; returns the number of writes and removals. */
  replace(lists: Iterable<StaticList>): Promise<number>;
}
