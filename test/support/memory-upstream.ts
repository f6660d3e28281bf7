import type { HttpOutcome, HttpPeer, HttpRequest } from '#ports/http-peer.ts';
import { hashOf } from './tree-arbitrary.ts';

export interface MemoryUpstream extends HttpPeer {
  readonly url: string;
  /** What it serves, by path; may be changed at any time. */
  readonly files: Map<string, string>;
  /** `GET path`, of every request, in order. */
  readonly asked: string[];
  /** Called before each answer; what it returns is answered instead. */
  onRequest: ((path: string) => HttpOutcome | Promise<HttpOutcome | undefined> | undefined) | undefined;
  /** Replaces all files, with their list. */
  publish(files: Readonly<Record<string, string>>): void;
}

const NOTHING = new Uint8Array();

export const answered = (
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: Uint8Array = NOTHING,
): Extract<HttpOutcome, { kind: 'answered' }> => ({
  kind: 'answered',
  status,
  headers,
  body,
  url: 'http://upstream.example/',
});

/** A folder of files with SHA256SUMS, over HTTP, in memory. */
export const memoryUpstream = (): MemoryUpstream => {
  const url = 'http://upstream.example/pub';
  const answer = async (request: HttpRequest): Promise<HttpOutcome> => {
    const path = decodeURIComponent(request.url.slice(url.length + 1));
    upstream.asked.push(`${request.method} ${path}`);
    const instead = await upstream.onRequest?.(path);
    if (instead !== undefined) return instead;
    const text = upstream.files.get(path);
    if (text === undefined) return answered(404);
    const etag = `"${hashOf(text)}"`;
    if (request.headers?.['if-none-match'] === etag) return answered(304);
    const type = { 'content-type': text.startsWith('{') ? 'application/json' : 'text/html' };
    const body = request.method === 'HEAD' ? NOTHING : new TextEncoder().encode(text);
    return { ...answered(200, { etag, ...type }, body), url: request.url };
  };
  const upstream: MemoryUpstream = {
    url,
    files: new Map(),
    asked: [],
    onRequest: undefined,
    publish: (files) => {
      upstream.files.clear();
      for (const [path, text] of Object.entries(files)) upstream.files.set(path, text);
      const lines = Object.entries(files).map(([path, text]) => `${hashOf(text)}  ${path}\n`);
      upstream.files.set('SHA256SUMS', lines.join(''));
    },
    request: answer,
    stream: async (request, onChunk) => {
      const outcome = await answer(request);
      if (outcome.kind === 'failed' || outcome.status !== 200) return outcome;
      if (outcome.body.length > request.limits.maxBytes)
        return { kind: 'failed', failure: 'too-large', reason: 'the body is larger' };
      for (const half of [outcome.body.subarray(0, 2), outcome.body.subarray(2)]) await onChunk(half);
      return { ...outcome, body: NOTHING };
    },
  };
  return upstream;
};
