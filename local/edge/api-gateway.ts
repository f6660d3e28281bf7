import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { APIS, type ApiRoute, type ApiStage, findRoute } from './api-routes.ts';
import type { EdgeAnswer } from './edge-cache.ts';
import { answerOfFunction } from './function-url.ts';
import type { Authorization, Claims } from './jwt-authorizer.ts';

export interface ApiGatewayDeps {
  /** Rejects when the function failed, timed out or is not there. */
  readonly invoke: (stage: ApiStage, event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;
  readonly now: () => number;
  /** The authorizer of routes with `jwt`; without one nobody is anybody there, and functions refuse them. */
  readonly authorize?: (header: string | undefined) => Promise<Authorization>;
}

/** What does not go through the cache: another name in front of another function when deployed, some paths of the one port here. */
export interface Gateway {
  owns(path: string): boolean;
  respond(request: IncomingMessage, target: { readonly uri: string; readonly query: string }): Promise<EdgeAnswer>;
}

const jsonAnswer = (status: number, kind: string, value: string, headers: Record<string, string> = {}): EdgeAnswer => ({
  status,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  body: Buffer.from(`${JSON.stringify({ kind, value })}\n`),
});

/** Undefined when it is longer than that; the rest is not read. */
async function bodyOf(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return undefined;
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
  { claims, domain }: { readonly claims: Claims | undefined; readonly domain: string },
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
      domainName: `${domain}.localhost`,
      domainPrefix: domain,
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
      ...(claims !== undefined && { authorizer: { jwt: { claims, scopes: null } } }),
    } as APIGatewayProxyEventV2['requestContext'],
    ...(body.byteLength > 0 && { body: body.toString('base64') }),
    isBase64Encoded: body.byteLength > 0,
  };
}

const isAnswer = (found: Claims | undefined | EdgeAnswer): found is EdgeAnswer =>
  found !== undefined && 'status' in found && typeof found['status'] === 'number';

const UNAVAILABLE_RETRY_SECONDS = 5;

/** The function's own log has the reason; clients of an API want JSON, whatever happened. */
const unavailable = (stage: ApiStage): EdgeAnswer =>
  jsonAnswer(503, 'backend_unavailable', `${APIS[stage].title} do not answer for now; ask again.`, {
    'retry-after': String(UNAVAILABLE_RETRY_SECONDS),
  });

/** As API Gateway's own words. */
const unauthorized: EdgeAnswer = {
  status: 401,
  headers: { 'content-type': 'application/json', 'www-authenticate': 'Bearer' },
  body: Buffer.from('{"message":"Unauthorized"}'),
};

/** Requests to APIs, on the way that they take when deployed: an HTTP API in front of a function, and no cache. */
export function apiGateway(deps: ApiGatewayDeps): Gateway {
  async function authorized(route: ApiRoute, request: IncomingMessage): Promise<Claims | undefined | EdgeAnswer> {
    if (route.auth === 'none' || deps.authorize === undefined) return undefined;
    const found = await deps.authorize(request.headers.authorization);
    if (found.kind === 'verified') return found.claims;
    return found.kind === 'refused' ? unauthorized : unavailable(route.stage);
  }

  return {
    owns: (path) => findRoute(path) !== undefined,
    respond: async (request, target) => {
      const arrivedMs = deps.now();
      const route = findRoute(target.uri);
      if (route === undefined) return jsonAnswer(404, 'not_found', 'There is nothing at this path.');
      const body = await bodyOf(request, route.maxBodyBytes);
      if (body === undefined) {
        const text = `A body may have ${route.maxBodyBytes} bytes.`;
        return jsonAnswer(413, 'body_too_large', text, { connection: 'close' });
      }
      const claims = await authorized(route, request);
      if (isAnswer(claims)) return claims;
      try {
        return answerOfFunction(
          await deps.invoke(route.stage, eventOf(request, target, body, arrivedMs, { claims, domain: APIS[route.stage].domain })),
        );
      } catch {
        return unavailable(route.stage);
      }
    },
  };
}
