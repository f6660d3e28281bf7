/** What is said to the front door, whatever kind of volume the path is in. */
export interface ContentReply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Six megabytes are the most a function may answer, as base64; nothing for HEAD, 304 and redirects. */
  readonly body: Uint8Array;
}
