/** Limits of one exchange; every one of them ends it with a `failed` outcome. */
export interface HttpLimits {
  /** Name, connection and TLS of one hop. */
  readonly connectMs: number;
  /** From the request to the whole head of the answer, and between two pieces of the body. */
  readonly idleMs: number;
  /** All hops together, the wait for a free connection included. */
  readonly totalMs: number;
  /** Of the body; heads have a limit of their own. */
  readonly maxBytes: number;
  readonly maxRedirects: number;
}

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD';
  readonly url: string;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly limits: HttpLimits;
}

/** Why there is no answer. `refused` is our own address guard; the others are the peer's or the network's doing. */
export type HttpFailure = 'refused' | 'dns' | 'connect' | 'tls' | 'timeout' | 'too-large' | 'redirects' | 'protocol';

export type HttpOutcome =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** Lower-case names; repeated headers joined by `, `. */
      readonly headers: Readonly<Record<string, string>>;
      /** Empty for HEAD and for streamed exchanges. Outside 2xx it is cut at `maxBytes` and not an error: the status is what counts. */
      readonly body: Uint8Array;
      /** After redirects. */
      readonly url: string;
    }
  | {
      readonly kind: 'failed';
      readonly failure: HttpFailure;
      /** Short, printable, at most 200 characters. */
      readonly reason: string;
    };

/** Reads from hostile HTTP servers: guarded addresses at every hop, limits on time and bytes, one identity in the User-Agent. */
export interface HttpPeer {
  request(request: HttpRequest): Promise<HttpOutcome>;
  /** As `request` for GET, handing the body of a 200 answer over in pieces as it comes, with backpressure: awaits `onChunk`. */
  stream(request: HttpRequest, onChunk: (chunk: Uint8Array) => void | Promise<void>): Promise<HttpOutcome>;
}
