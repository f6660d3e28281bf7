import type { APIGatewayProxyEventV2 } from 'aws-lambda';

/** A request as a story needs it; the same fields as the function that answers it declares. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  readonly arrivedMs: number;
  readonly sourceIp: string;
  readonly certificateSubject: string | undefined;
}

interface Reply {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const lowerCased = (headers: APIGatewayProxyEventV2['headers']): ApiRequest['headers'] =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** `requestContext.authentication` is there when the front door asks for client certificates; the types do not know it. */
const certificateSubjectOf = (context: unknown): string | undefined => {
  const { authentication } = context as { authentication?: { clientCert?: { subjectDN?: string } } | null };
  return authentication?.clientCert?.subjectDN;
};

/** The edge of a function behind an HTTP API, payload version 2.0. Bodies are decoded whatever the front door made of them. */
export const httpApi =
  (story: (request: ApiRequest) => Promise<Reply>): ((event: APIGatewayProxyEventV2) => Promise<Reply>) =>
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
    });
  };
