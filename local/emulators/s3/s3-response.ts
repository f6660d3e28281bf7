import type { Readable } from 'node:stream';

export interface S3Response {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string | Readable;
}

export function xmlResponse(body: string, headers: Readonly<Record<string, string>> = {}): S3Response {
  return { status: 200, headers: { ...headers, 'content-type': 'application/xml' }, body };
}

export function emptyResponse(status: number, headers: Readonly<Record<string, string>> = {}): S3Response {
  return { status, headers };
}
