import type { IncomingHttpHeaders } from 'node:http';
import type { ViewerRequest } from './viewer-function.ts';

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

/** Headers as the edge's functions see them. The CDN sets those with its name, and drops what a client sends as such. */
export function viewerHeaders(headers: IncomingHttpHeaders): ViewerRequest['headers'] {
  const viewed: ViewerRequest['headers'] = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !name.startsWith('cloudfront-')) viewed[name] = { value: String(value) };
  }
  return viewed;
}
