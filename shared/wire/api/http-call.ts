/** A request as the front door (an HTTP API, payload version 2.0, or the local edge) hands it on. */
export interface HttpCall {
  readonly method: string;
  /** As it came, percent-encoded. */
  readonly path: string;
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Decoded; empty when there is none. */
  readonly body: string;
  /** By the front door's clock; the only time of a request that no client can choose. */
  readonly arrivedMs: number;
  readonly sourceIp: string;
  /** Subject of the client certificate that the front door has verified: `CN=host.example.org,O=…`. */
  readonly certificateSubject: string | undefined;
  /** Of the JSON Web Token that the front door has verified; undefined where it asked for none. Lists come as they were, or as one text, `[a b]`. */
  readonly claims: Readonly<Record<string, unknown>> | undefined;
}

export interface HttpReply {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const jsonReply = (statusCode: number, value: unknown, headers: Readonly<Record<string, string>> = {}): HttpReply => ({
  statusCode,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  body: `${JSON.stringify(value)}\n`,
});

/** `kind` is one of a few words, for programs and metrics; `value` is for people. */
export const errorReply = (
  statusCode: number,
  kind: string,
  value: string,
  headers: Readonly<Record<string, string>> = {},
): HttpReply => jsonReply(statusCode, { kind, value }, headers);

/** Rounded up, at least one: clients that round down must not come early. */
export const retryAfterHeader = (retryAfterMs: number): Readonly<Record<string, string>> => ({
  'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))),
});

const decoded = (part: string): string | undefined => {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
};

/** The parts of a path after its prefix, decoded; undefined when one is no percent-encoded UTF-8. */
export const pathParts = (path: string, prefix: string): readonly string[] | undefined => {
  const parts = path
    .slice(prefix.length)
    .split('/')
    .filter((part) => part !== '')
    .map(decoded);
  return parts.every((part) => part !== undefined) ? parts.flatMap((part) => part ?? []) : undefined;
};
