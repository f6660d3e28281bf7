/** The name service, for texts that owners of names publish. */
export interface TextRecords {
  /** Empty when there are none, or the name does not exist, or nobody answered in time. */
  lookup(name: string, withinMs: number): Promise<readonly string[]>;
}
