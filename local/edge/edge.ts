import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyStructuredResultV2, LambdaFunctionURLEvent } from 'aws-lambda';
import { type ClientPlace, type PlaceLookup, parseTestClient } from './client-place.ts';
import type { CachedAnswer, EdgeAnswer, EdgeCache } from './edge-cache.ts';
import type { EdgeRequest } from './edge-request.ts';
import { parseQueryString, printQueryString } from './query-string.ts';
import type { ViewerEvent, ViewerFunction, ViewerRequest } from './viewer-function.ts';

export interface EdgeDeps {
  readonly viewer: ViewerFunction;
  readonly cache: EdgeCache;
  readonly lookUp: PlaceLookup;
  /** Believe `Mirrortide-Client`; for tests and demonstrations only. */
  readonly trustClientHeader: boolean;
  /** Rejects when the function failed, timed out or is not there. */
  readonly invokeAnswer: (event: LambdaFunctionURLEvent) => Promise<APIGatewayProxyStructuredResultV2>;
  /** The prewritten list of that path (no leading slash), if there is one. */
  readonly staticList: (path: string) => Promise<EdgeAnswer | undefined>;
  readonly now: () => number;
}

const TEST_CLIENT_HEADER = 'mirrortide-client';
/** The CDN sets these and drops what a client sends under their names. */
const PLACE_HEADERS = ['cloudfront-viewer-country', 'cloudfront-viewer-asn', 'cloudfront-viewer-address'];

/** What the CDN does with one request: viewer function, cache, origin, and the static lists when the origin fails. */
export async function answerAtEdge(deps: EdgeDeps, request: EdgeRequest): Promise<EdgeAnswer> {
  const viewed = await deps.viewer(viewerEvent(deps, request));
  const query = printQueryString(viewed.querystring);
  const bucket = viewed.headers['x-mirrortide-bucket']?.value ?? '';
  const variant = viewed.headers['x-mirrortide-variant']?.value ?? '';
  const key = [viewed.uri, query, bucket, variant].join('\n');
  const found = await deps.cache.get(key, () => askOrigin(deps, viewed, query, { bucket, variant }));
  return withCacheNote(found);
}

function viewerEvent(deps: EdgeDeps, request: EdgeRequest): ViewerEvent {
  const headers: ViewerRequest['headers'] = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined && !PLACE_HEADERS.includes(name)) headers[name] = { value: String(value) };
  }
  const client = clientOf(deps, request);
  if (client.country !== undefined) headers['cloudfront-viewer-country'] = { value: client.country };
  if (client.asn !== undefined) headers['cloudfront-viewer-asn'] = { value: String(client.asn) };
  headers['cloudfront-viewer-address'] = { value: client.address };
  return {
    version: '1.0',
    context: { eventType: 'viewer-request' },
    viewer: { ip: client.address },
    request: { method: request.method, uri: request.uri, querystring: parseQueryString(request.query), headers },
  };
}

function clientOf(deps: EdgeDeps, request: EdgeRequest): ClientPlace & { readonly address: string } {
  const header = request.headers[TEST_CLIENT_HEADER];
  const test = deps.trustClientHeader && typeof header === 'string' ? parseTestClient(header, deps.lookUp) : undefined;
  return test ?? { address: request.address, ...deps.lookUp(request.address) };
}

interface ClientBucket {
  readonly bucket: string;
  readonly variant: string;
}

async function askOrigin(deps: EdgeDeps, viewed: ViewerRequest, query: string, client: ClientBucket): Promise<EdgeAnswer> {
  try {
    const answer = fromFunction(await deps.invokeAnswer(functionEvent(viewed, query, client, deps.now())));
    if (answer.status < 500) return answer;
  } catch {
    // The function's own log has the reason; the client gets what the CDN would give: the list that was written beforehand.
  }
  const prewritten = await deps.staticList(viewed.uri.slice(1)).catch(() => undefined);
  return prewritten ?? UNAVAILABLE;
}

const UNAVAILABLE: EdgeAnswer = {
  status: 503,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '5' },
  body: Buffer.from('No answer for now. Try again in a few seconds.\n'),
};

/** The event of a function URL, payload version 2.0. Only what is in the cache key goes to the origin, so answers cannot depend on more. */
function functionEvent(viewed: ViewerRequest, query: string, client: ClientBucket, nowMs: number): LambdaFunctionURLEvent {
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: viewed.uri,
    rawQueryString: query,
    headers: { 'x-mirrortide-bucket': client.bucket, 'x-mirrortide-variant': client.variant },
    requestContext: {
      accountId: 'anonymous',
      apiId: 'local',
      domainName: 'answer.localhost',
      domainPrefix: 'answer',
      http: { method: 'GET', path: viewed.uri, protocol: 'HTTP/1.1', sourceIp: '0.0.0.0', userAgent: 'Mirrortide edge' },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: new Date(nowMs).toISOString(),
      timeEpoch: nowMs,
    },
    isBase64Encoded: false,
  };
}

function fromFunction(result: APIGatewayProxyStructuredResultV2): EdgeAnswer {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(result.headers ?? {})) headers[name.toLowerCase()] = String(value);
  const body = Buffer.from(result.body ?? '', result.isBase64Encoded === true ? 'base64' : 'utf8');
  return { status: result.statusCode ?? 200, headers, body };
}

function withCacheNote({ answer, from }: CachedAnswer): EdgeAnswer {
  return { ...answer, headers: { ...answer.headers, 'x-cache': `${from === 'miss' ? 'Miss' : 'Hit'} from the local edge` } };
}
