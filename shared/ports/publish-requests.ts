/** Asks for a snapshot before the schedule's next one. */
export interface PublishRequests {
  /**
   * A snapshot that is assembled after this call, within seconds. Requests of the same few seconds are one. `reason` is for the log: a few
   * words that never vary.
   */
  soon(reason: string): Promise<void>;
}
