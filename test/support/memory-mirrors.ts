import type { FileLister, ListedEntry, Listing } from '#ports/file-lister.ts';
import type { HttpOutcome, HttpPeer, HttpRequest } from '#ports/http-peer.ts';

/** One mirror in memory: what it serves, and how it misbehaves. */
export interface MemoryMirror {
  files: Map<string, string>;
  /** Answers every HTTP request with this instead; `down` does not answer. */
  fault?: 'down' | { readonly status: number; readonly headers?: Readonly<Record<string, string>> } | undefined;
  /** How its rsync listings end; complete when missing. */
  listing?: Listing | undefined;
}

const NOTHING = new Uint8Array();

const answer = (mirror: MemoryMirror, request: HttpRequest, path: string): HttpOutcome => {
  if (mirror.fault === 'down') return { kind: 'failed', failure: 'connect', reason: 'connection refused' };
  if (mirror.fault !== undefined) {
    return {
      kind: 'answered',
      status: mirror.fault.status,
      headers: mirror.fault.headers ?? {},
      body: NOTHING,
      url: request.url,
    };
  }
  const content = mirror.files.get(path);
  if (content === undefined) return { kind: 'answered', status: 404, headers: {}, body: NOTHING, url: request.url };
  const bytes = new TextEncoder().encode(content);
  const headers = { 'content-length': String(bytes.length) };
  return { kind: 'answered', status: 200, headers, body: request.method === 'GET' ? bytes : NOTHING, url: request.url };
};

/** Mirrors by base URL, without a trailing slash. Keeps every URL it was asked for. */
export const memoryHttpPeer = (mirrors: ReadonlyMap<string, MemoryMirror>): HttpPeer & { readonly asked: HttpRequest[] } => {
  const asked: HttpRequest[] = [];
  return {
    asked,
    request: async (request) => {
      asked.push(request);
      for (const [base, mirror] of mirrors) {
        if (!request.url.startsWith(`${base}/`)) continue;
        return answer(mirror, request, decodeURIComponent(request.url.slice(base.length + 1)));
      }
      return { kind: 'failed', failure: 'dns', reason: 'no such host' };
    },
    stream: async () => ({ kind: 'failed', failure: 'protocol', reason: 'not streamed in tests' }),
  };
};

const entriesOf = (files: ReadonlyMap<string, string>): ListedEntry[] => {
  const directories = new Set(['']);
  for (const path of files.keys()) {
    const steps = path.split('/');
    for (let depth = 1; depth < steps.length; depth += 1) directories.add(steps.slice(0, depth).join('/'));
  }
  const time = { modifiedSeconds: 1_000 };
  return [
    ...[...directories].map((path) => ({ path, kind: 'directory' as const, sizeBytes: 0, mode: 0o40755, ...time })),
    ...[...files].map(([path, content]) => ({ path, kind: 'file' as const, sizeBytes: content.length, mode: 0o100644, ...time })),
  ];
};

export const memoryFileLister = (mirrors: ReadonlyMap<string, MemoryMirror>): FileLister => ({
  list: async (url, onEntry, options) => {
    const mirror = mirrors.get(url.replace(/\/$/, ''));
    if (mirror === undefined || mirror.fault === 'down') {
      return { kind: 'unreachable', cause: 'connection', reason: 'connection refused' };
    }
    const end = mirror.listing ?? { kind: 'complete' as const, entries: 0, bytesReceived: 0 };
    if (end.kind === 'refused' || end.kind === 'unreachable') return end;
    const shallow = options?.excludes?.includes('/*/*') === true;
    for (const entry of entriesOf(mirror.files)) if (!(shallow && entry.path.includes('/'))) onEntry(entry);
    return end;
  },
});
