import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyStructuredResultV2, LambdaFunctionURLEvent } from 'aws-lambda';
import type { EdgeAnswer } from './edge-cache.ts';

/** Rejects when the function failed, timed out or is not there. */
export type InvokeUrl = (event: LambdaFunctionURLEvent) => Promise<APIGatewayProxyStructuredResultV2>;

export interface OriginQuestion {
  /** Of the function, for its event. */
  readonly name: string;
  readonly path: string;
  readonly query: string;
  /** Only what is in the cache key goes to the origin, so answers cannot depend on more. */
  readonly headers: Readonly<Record<string, string>>;
  readonly nowMs: number;
}

/** The event of a function URL, payload version 2.0. */
export const functionUrlEvent = ({ name, path, query, headers, nowMs }: OriginQuestion): LambdaFunctionURLEvent => ({
  version: '2.0',
  routeKey: '$default',
  rawPath: path,
  rawQueryString: query,
  headers: { ...headers },
  requestContext: {
    accountId: 'anonymous',
    apiId: 'local',
    domainName: `${name}.localhost`,
    domainPrefix: name,
    http: { method: 'GET', path, protocol: 'HTTP/1.1', sourceIp: '0.0.0.0', userAgent: 'Mirrortide edge' },
    requestId: randomUUID(),
    routeKey: '$default',
    stage: '$default',
    time: new Date(nowMs).toISOString(),
    timeEpoch: nowMs,
  },
  isBase64Encoded: false,
});

/** What a function behind a URL, or behind an HTTP API, said. */
export function answerOfFunction(result: APIGatewayProxyStructuredResultV2): EdgeAnswer {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(result.headers ?? {})) headers[name.toLowerCase()] = String(value);
  const body = Buffer.from(result.body ?? '', result.isBase64Encoded === true ? 'base64' : 'utf8');
  return { status: result.statusCode ?? 200, headers, body };
}

/** What the CDN says when nobody behind it does. */
export const UNAVAILABLE: EdgeAnswer = {
  status: 503,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '5' },
  body: Buffer.from('No answer for now. Try again in a few seconds.\n'),
};
