import { type ClientPlace, type PlaceLookup, parseTestClient } from './client-place.ts';
import { type EdgeAnswer, type EdgeCache, notedAnswer } from './edge-cache.ts';
import { type EdgeRequest, viewerHeaders } from './edge-request.ts';
import { answerOfFunction, functionUrlEvent, type InvokeUrl, UNAVAILABLE } from './function-url.ts';
import { parseQueryString, printQueryString } from './query-string.ts';
import type { ViewerEvent, ViewerFunction, ViewerRequest } from './viewer-function.ts';

export interface EdgeDeps {
  readonly viewer: ViewerFunction;
  readonly cache: EdgeCache;
  readonly lookUp: PlaceLookup;
  /** Believe `Mirrortide-Client`; for tests and demonstrations only. */
  readonly trustClientHeader: boolean;
  readonly invokeAnswer: InvokeUrl;
  /** The prewritten list of that path (no leading slash), if there is one. */
  readonly staticList: (path: string) => Promise<EdgeAnswer | undefined>;
  readonly now: () => number;
}

const TEST_CLIENT_HEADER = 'mirrortide-client';

/** What the CDN does with one request: viewer function, cache, origin, and the static lists when the origin fails. */
export async function answerAtEdge(deps: EdgeDeps, request: EdgeRequest): Promise<EdgeAnswer> {
  const viewed = await deps.viewer(viewerEvent(deps, request));
  const query = printQueryString(viewed.querystring);
  const bucket = viewed.headers['x-mirrortide-bucket']?.value ?? '';
  const variant = viewed.headers['x-mirrortide-variant']?.value ?? '';
  const key = [viewed.uri, query, bucket, variant].join('\n');
  const found = await deps.cache.get(key, () => askOrigin(deps, viewed, query, { bucket, variant }));
  return notedAnswer(found);
}

function viewerEvent(deps: EdgeDeps, request: EdgeRequest): ViewerEvent {
  const headers = viewerHeaders(request.headers);
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
    const headers = { 'x-mirrortide-bucket': client.bucket, 'x-mirrortide-variant': client.variant };
    const question = { name: 'answer', path: viewed.uri, query, headers, nowMs: deps.now() };
    const answer = answerOfFunction(await deps.invokeAnswer(functionUrlEvent(question)));
    if (answer.status < 500) return answer;
  } catch {
    // The function's own log has the reason; the client gets what the CDN would give: the list that was written beforehand.
  }
  const prewritten = await deps.staticList(viewed.uri.slice(1)).catch(() => undefined);
  return prewritten ?? UNAVAILABLE;
}
