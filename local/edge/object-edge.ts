import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { byteRange } from '#domain/content/byte-range.ts';
import { siteOriginOf } from '../../infra/site-paths.ts';
import type { ContentObjects, StoredObject } from '../runtime/content-objects.ts';
import { viewerHeaders } from './edge-request.ts';
import type { ObjectFunction, ObjectResponseFunction, OriginResponse, ViewerRequest } from './viewer-function.ts';

export interface ObjectEdgeDeps {
  readonly viewerRequest: ObjectFunction;
  readonly viewerResponse: ObjectResponseFunction;
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

/** What the CDN does with `/_o/…`: viewer functions around the bucket. The cache is left out; what it would keep never changes. */
export function objectEdge({ viewerRequest, viewerResponse, objects }: ObjectEdgeDeps): StreamingBranch {
  const viewed = (request: IncomingMessage, uri: string) =>
    viewerRequest({
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
      const asked = viewed(request, uri);
      if ('statusCode' in asked) return short(response, asked.statusCode, plainHeaders(asked.headers), asked.body);
      const found = await objects.look(asked.uri.slice(1));
      if (found === undefined)
        return short(response, 404, { 'content-type': TEXT, 'cache-control': BRIEFLY }, 'There is no such object.\n');
      await sendObject(objects, response, asked, found, (origin) =>
        plainHeaders(
          viewerResponse({ version: '1.0', context: { eventType: 'viewer-response' }, request: asked, response: origin }).headers,
        ),
      );
    },
  };
}

type Valued = Readonly<Record<string, { readonly value: string }>>;

const plainHeaders = (headers: Valued): Headers =>
  Object.fromEntries(Object.entries(headers).map(([name, { value }]) => [name, value]));

const valued = (headers: Headers): Record<string, { value: string }> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { value }]));

/** As the bucket answers; `viewed` is what becomes of its headers. */
async function sendObject(
  objects: ContentObjects,
  response: ServerResponse,
  { uri, headers }: ViewerRequest,
  { sizeBytes, contentType = 'application/octet-stream' }: StoredObject,
  viewed: (origin: OriginResponse) => Headers,
): Promise<void> {
  const part = byteRange(headers['range']?.value, sizeBytes);
  if (part.kind === 'unsatisfiable') return short(response, 416, { 'content-range': `bytes */${sizeBytes}` });
  const { start, endExclusive } = part.kind === 'all' ? { start: 0, endExclusive: sizeBytes } : part;
  const statusCode = part.kind === 'all' ? 200 : 206;
  const stored = {
    'cache-control': FOR_EVER,
    'content-type': contentType,
    'accept-ranges': 'bytes',
    'content-length': String(endExclusive - start),
    ...(part.kind === 'part' && { 'content-range': `bytes ${start}-${endExclusive - 1}/${sizeBytes}` }),
  };
  response.writeHead(statusCode, viewed({ statusCode, headers: valued(stored) }));
  const isEmpty = response.req.method === 'HEAD' || start === endExclusive;
  await pipeline(isEmpty ? Readable.from([]) : await objects.open(uri.slice(1), start, endExclusive), response);
}
