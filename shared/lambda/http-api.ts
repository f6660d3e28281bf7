import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { HttpCall, HttpReply } from '#wire/api/http-call.ts';

const lowerCased = (headers: APIGatewayProxyEventV2['headers']): HttpCall['headers'] =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** `requestContext.authentication` is there when the front door asks for client certificates; the types do not know it. */
const certificateSubjectOf = (context: unknown): string | undefined => {
  const { authentication } = context as { authentication?: { clientCert?: { subjectDN?: string } } | null };
  return authentication?.clientCert?.subjectDN;
};

/** The JWT authorizer's; the types know it only on routes that have one. */
const claimsOf = (context: unknown): HttpCall['claims'] => {
  const { authorizer } = context as { authorizer?: { jwt?: { claims?: Record<string, unknown> } } | null };
  return authorizer?.jwt?.claims;
};

/** The edge of a function behind an HTTP API, payload version 2.0. Bodies are decoded whatever the front door made of them. */
export const httpApi =
  (story: (call: HttpCall) => Promise<HttpReply>): ((event: APIGatewayProxyEventV2) => Promise<HttpReply>) =>
  (event) => {
    const { http, timeEpoch } = event.requestContext;
    const body = event.body ?? '';
    return story({
      method: http.method,
      path: event.rawPath,
      query: event.rawQueryString,
      headers: lowerCased(event.headers),
      body: event.isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body,
      arrivedMs: timeEpoch,
      sourceIp: http.sourceIp,
      certificateSubject: certificateSubjectOf(event.requestContext),
      claims: claimsOf(event.requestContext),
    });
  };
