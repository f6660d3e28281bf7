import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { EdgeAnswer } from './edge-cache.ts';

export interface LockGatewayDeps {
  /** Rejects when the function failed, timed out or is not there. */
  readonly invoke: (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;
  readonly now: () => number;
}

/** What does not go through the cache: another name in front of another function when deployed, some paths of the one port here. */
export interface Gateway {
  owns(path: string): boolean;
  respond(request: IncomingMessage, target: { readonly uri: string; readonly query: string }): Promise<EdgeAnswer>;
}

/** The native API and the lock protocols of other systems. */
const PATHS = /^\/+(?:api\/+v1\/+(?:locks|hosts)|v1\/+(?:pre-reboot|steady-state)|api(?:\/+v[12])?\/+dlmlocks|dlmengine)(?:\/|$)/;
const MAX_BODY_BYTES = 65_536;

const jsonAnswer = (status: number, kind: string, value: string, headers: Record<string, string> = {}): EdgeAnswer => ({
  status,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  body: Buffer.from(`${JSON.stringify({ kind, value })}\n`),
});

/** Undefined when it is longer than any request of a lock's client; the rest is not read. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function headersOf(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return headers;
}

/** As an HTTP API makes it, payload version 2.0; bodies that may not be text are sent as base64. */
function eventOf(
  request: IncomingMessage,
  { uri, query }: { readonly uri: string; readonly query: string },
  body: Buffer,
  nowMs: number,
): APIGatewayProxyEventV2 {
  const method = request.method ?? 'GET';
  const headers = headersOf(request);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: uri,
    rawQueryString: query,
    headers,
    requestContext: {
      accountId: 'anonymous',
      apiId: 'local',
      domainName: 'locks.localhost',
      domainPrefix: 'locks',
      http: {
        method,
        path: uri,
        protocol: 'HTTP/1.1',
        sourceIp: request.socket.remoteAddress ?? '',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: new Date(nowMs).toISOString(),
      timeEpoch: nowMs,
    },
    ...(body.byteLength > 0 && { body: body.toString('base64') }),
    isBase64Encoded: body.byteLength > 0,
  };
}

function answerOf(result: APIGatewayProxyStructuredResultV2): EdgeAnswer {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(result.headers ?? {})) headers[name.toLowerCase()] = String(value);
  const body = Buffer.from(result.body ?? '', result.isBase64Encoded === true ? 'base64' : 'utf8');
  return { status: result.statusCode ?? 200, headers, body };
}

/** Requests about locks, on the way that they take when deployed: an HTTP API in front of a function, and no cache. */
export const lockGateway = (deps: LockGatewayDeps): Gateway => ({
  owns: (path) => PATHS.test(path),
  respond: async (request, target) => {
    const arrivedMs = deps.now();
    const body = await bodyOf(request);
    if (body === undefined) {
      return jsonAnswer(413, 'body_too_large', `A body may have ${MAX_BODY_BYTES} bytes.`, { connection: 'close' });
    }
    try {
      return answerOf(await deps.invoke(eventOf(request, target, body, arrivedMs)));
    } catch {
      // The function's own log has the reason; clients of locks want JSON, whatever happened.
      return jsonAnswer(503, 'backend_unavailable', 'The locks do not answer for now; ask again.', { 'retry-after': '5' });
    }
  },
});
