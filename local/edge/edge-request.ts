import type { IncomingHttpHeaders } from 'node:http';

/** A request as it arrives at the edge: nothing of it is believed yet. */
export interface EdgeRequest {
  readonly method: string;
  /** Percent-encoded, starts with a slash. */
  readonly uri: string;
  /** Without the question mark. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  /** Of the connection itself. X-Forwarded-For is text that anybody can send, so nothing here reads it. */
  readonly address: string;
}
