import { createHash } from 'node:crypto';
import type { CloudFrontKeyValueStoreClientConfig } from '@aws-sdk/client-cloudfront-keyvaluestore';
import { HttpResponse } from '@smithy/core/protocols';

interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: string | Uint8Array;
}

interface Update {
  readonly Puts?: readonly { readonly Key: string; readonly Value: string }[];
  readonly Deletes?: readonly { readonly Key: string }[];
}

const PAGE = 50;
const MAX_CHANGES = 50;

/** CloudFront's key-value store as its API reference describes it, since no emulator has it: pages, ETags, 50 changes at once. */
export const keyValueStore = () => {
  const entries = new Map<string, string>();
  const authorizations: string[] = [];
  let generation = 0;
  const etag = () => createHash('md5').update(String(generation)).digest('hex');

  const answer = (statusCode: number, body: object, headers: Record<string, string> = {}) => ({
    response: new HttpResponse({
      statusCode,
      headers: { 'content-type': 'application/json', ...headers },
      body: new TextEncoder().encode(JSON.stringify(body)),
    }),
  });

  const list = (token: unknown) => {
    const start = Number(token ?? 0);
    const keys = [...entries.keys()].sort();
    const Items = keys.slice(start, start + PAGE).map((Key) => ({ Key, Value: entries.get(Key) }));
    return answer(200, { Items, ...(start + PAGE < keys.length && { NextToken: String(start + PAGE) }) });
  };

  const change = (ifMatch: string | undefined, { Puts = [], Deletes = [] }: Update) => {
    if (ifMatch !== etag()) return answer(409, { Message: 'ETag' }, { 'x-amzn-errortype': 'ConflictException' });
    if (Puts.length + Deletes.length > MAX_CHANGES) {
      return answer(400, { Message: 'too many' }, { 'x-amzn-errortype': 'ValidationException' });
    }
    for (const { Key, Value } of Puts) entries.set(Key, Value);
    for (const { Key } of Deletes) entries.delete(Key);
    generation += 1;
    return answer(200, { ItemCount: entries.size, TotalSizeInBytes: 0 }, { etag: etag() });
  };

  const handle = async (request: Request) => {
    authorizations.push(request.headers['authorization'] ?? '');
    if (!request.path.endsWith('/keys')) return answer(200, { ItemCount: entries.size, TotalSizeInBytes: 0 }, { etag: etag() });
    if (request.method === 'GET') return list(request.query?.['NextToken']);
    return change(
      request.headers['if-match'],
      JSON.parse(typeof request.body === 'string' ? request.body : new TextDecoder().decode(request.body)),
    );
  };

  return {
    entries,
    authorizations,
    requestHandler: { handle } as unknown as CloudFrontKeyValueStoreClientConfig['requestHandler'],
  };
};
