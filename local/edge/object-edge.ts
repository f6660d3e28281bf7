import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { hashTag, listsTag } from '#domain/content/answer-bytes.ts';
import { byteRange } from '#domain/content/byte-range.ts';
import { mediaType } from '#domain/content/media-type.ts';
import { siteOriginOf } from '../../infra/site-paths.ts';
import type { ContentObjects, StoredObject } from '../runtime/content-objects.ts';
import { viewerHeaders } from './edge-request.ts';
import type { ObjectFunction } from './viewer-function.ts';

export interface ObjectEdgeDeps {
  readonly viewer: ObjectFunction;
  readonly objects: ContentObjects;
}

/** A server's branch with bodies of any size, which are never in memory as a whole. */
export interface StreamingBranch {
  owns(path: string): boolean;
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

const FOR_EVER = 'public, max-age=31536000, immutable';
const BRIEFLY = 'public, max-age=5';
const TEXT = 'text/plain; charset=utf-8';

type Headers = Readonly<Record<string, string>>;

const short = (response: ServerResponse, status: number, headers: Headers, text = ''): void => {
  const length = status === 304 ? {} : { 'content-length': Buffer.byteLength(text) };
  response.writeHead(status, { ...headers, ...length }).end(response.req.method === 'HEAD' ? '' : text);
};

/** What the CDN does with `/_o/…`: viewer function, then the bucket. The cache is left out; what it would keep never changes. */
export function objectEdge({ viewer, objects }: ObjectEdgeDeps): StreamingBranch {
  const keyOf = (request: IncomingMessage, uri: string) =>
    viewer({
      version: '1.0',
      context: { eventType: 'viewer-request' },
      viewer: { ip: request.socket.remoteAddress ?? '' },
      request: { method: request.method ?? 'GET', uri, querystring: {}, headers: viewerHeaders(request.headers) },
    });

  return {
    owns: (path) => siteOriginOf(path) === 'objects',
    async handle(request, response) {
      if (request.method !== 'GET' && request.method !== 'HEAD')
        return short(response, 405, { 'content-type': TEXT, allow: 'GET, HEAD' }, 'Only GET and HEAD.\n');
      const [uri = ''] = (request.url ?? '').split('?');
      const viewed = keyOf(request, uri);
      if ('statusCode' in viewed) {
        const headers = Object.fromEntries(Object.entries(viewed.headers).map(([name, { value }]) => [name, value]));
        return short(response, viewed.statusCode, headers, viewed.body);
      }
      const key = viewed.uri.slice(1);
      const found = await objects.look(key);
      if (found === undefined)
        return short(response, 404, { 'content-type': TEXT, 'cache-control': BRIEFLY }, 'There is no such object.\n');
      await answer(objects, request, response, { key, name: uri, found });
    },
  };
}

interface Asked {
  readonly key: string;
  /** Ends with the name under which it was asked for. */
  readonly name: string;
  readonly found: StoredObject;
}

async function answer(
  objects: ContentObjects,
  request: IncomingMessage,
  response: ServerResponse,
  { key, name, found: { sizeBytes, contentType } }: Asked,
): Promise<void> {
  const etag = hashTag(key.slice(key.indexOf('/') + 1));
  const tagged = { etag, 'cache-control': FOR_EVER, 'x-content-type-options': 'nosniff' };
  const { 'if-none-match': ifNoneMatch, 'if-range': ifRange, range } = request.headers;
  if (ifNoneMatch !== undefined && listsTag(ifNoneMatch, etag)) return short(response, 304, tagged);
  const part = byteRange(ifRange === undefined || ifRange === etag ? range : undefined, sizeBytes);
  if (part.kind === 'unsatisfiable') return short(response, 416, { ...tagged, 'content-range': `bytes */${sizeBytes}` });
  const { start, endExclusive } = part.kind === 'all' ? { start: 0, endExclusive: sizeBytes } : part;
  // What volumes hold is stored without a type: one object may have several names.
  const type = key.startsWith('objects/') ? mediaType(name) : (contentType ?? mediaType(name));
  response.writeHead(part.kind === 'all' ? 200 : 206, {
    ...tagged,
    'content-type': type,
    'accept-ranges': 'bytes',
    'content-length': endExclusive - start,
    ...(part.kind === 'part' && { 'content-range': `bytes ${start}-${endExclusive - 1}/${sizeBytes}` }),
  });
  const isEmpty = request.method === 'HEAD' || start === endExclusive;
  await pipeline(isEmpty ? Readable.from([]) : await objects.open(key, start, endExclusive), response);
}
