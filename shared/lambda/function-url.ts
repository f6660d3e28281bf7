import type { LambdaFunctionURLEvent, LambdaFunctionURLResult } from 'aws-lambda';

export interface UrlRequest {
  readonly method: string;
  /** Still percent-encoded. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface UrlReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The edge of a function behind a URL of its own, payload version 2.0, whose replies are bytes. */
export const functionUrl =
  (story: (request: UrlRequest) => Promise<UrlReply>) =>
  async ({ requestContext, rawPath, headers }: LambdaFunctionURLEvent): Promise<LambdaFunctionURLResult> => {
    const reply = await story({ method: requestContext.http.method, path: rawPath, headers });
    const body = Buffer.from(reply.body).toString('base64');
    return { statusCode: reply.status, headers: { ...reply.headers }, body, isBase64Encoded: true };
  };
