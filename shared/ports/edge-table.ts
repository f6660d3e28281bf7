export interface EdgeEntry {
  readonly key: string;
  readonly value: string;
}

/** The small key-value table that the CDN's viewer function reads to put a client into a bucket. */
export interface EdgeTable {
  /** Makes the table equal to `entries`; returns how many entries were written or removed. */
  replace(entries: readonly EdgeEntry[]): Promise<number>;
}
