import type { EdgeAnswer, EdgeCache } from './edge-cache.ts';
import { notedAnswer } from './edge-cache.ts';
import { type EdgeRequest, viewerHeaders } from './edge-request.ts';
import { answerOfFunction, functionUrlEvent, type InvokeUrl, UNAVAILABLE } from './function-url.ts';
import { parseQueryString } from './query-string.ts';
import type { ContentFunction, ViewerRequest } from './viewer-function.ts';

export interface ContentEdgeDeps {
  readonly viewer: ContentFunction;
  readonly cache: EdgeCache;
  readonly invokeContent: InvokeUrl;
  readonly now: () => number;
}

/** With the path, the whole key; nothing else of a client reaches the function. */
const KEY_HEADERS = ['x-mirrortide-accept', 'x-mirrortide-host', 'x-mirrortide-scheme'];

/** What the CDN does with a request for content: viewer function, cache, function; and what was said before when that fails. */
export async function contentAtEdge(deps: ContentEdgeDeps, request: EdgeRequest): Promise<EdgeAnswer> {
  const viewed = deps.viewer({
    version: '1.0',
    context: { eventType: 'viewer-request' },
    viewer: { ip: request.address },
    request: {
      method: request.method,
      uri: request.uri,
      querystring: parseQueryString(request.query),
      headers: { ...viewerHeaders(request.headers), 'cloudfront-forwarded-proto': { value: 'http' } },
    },
  });
  const headers = Object.fromEntries(
    KEY_HEADERS.flatMap((name) => {
      const value = viewed.headers[name]?.value;
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  const key = ['content', viewed.uri, ...KEY_HEADERS.map((name) => headers[name] ?? '')].join('\n');
  return notedAnswer(await deps.cache.get(key, () => askContent(deps, viewed, headers)));
}

async function askContent(deps: ContentEdgeDeps, viewed: ViewerRequest, headers: Readonly<Record<string, string>>) {
  try {
    const question = { name: 'content', path: viewed.uri, query: '', headers, nowMs: deps.now() };
    return answerOfFunction(await deps.invokeContent(functionUrlEvent(question)));
  } catch {
    // The function's own log has the reason.
    return UNAVAILABLE;
  }
}
