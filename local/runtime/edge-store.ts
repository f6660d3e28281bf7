import { GetObjectCommand } from '@aws-sdk/client-s3';
import { type Bucket, getObject, httpStatus } from '#adapters/aws/s3-object.ts';
import { parseEdgeTable } from '#wire/edge-table.ts';
import type { EdgeAnswer } from '../edge/edge-cache.ts';

/** What the edge reads by itself: the viewer function's table, and the lists that were written for the case that `answer` fails. */
export interface EdgeStore {
  /** Reads the table anew; until the first time it is empty. */
  refreshTable(): Promise<void>;
  lookUp(key: string): string | undefined;
  /** `path` as in the URI, percent-encoded, without the leading slash. */
  staticList(path: string): Promise<EdgeAnswer | undefined>;
}

const TABLE_KEY = 'edge-table.json';
const STATIC_PREFIX = 'static/';

export function edgeStore(bucket: Bucket): EdgeStore {
  let table: ReadonlyMap<string, string> = new Map();
  return {
    async refreshTable() {
      const object = await getObject(bucket, TABLE_KEY);
      if (object === undefined) return;
      const entries = parseEdgeTable(new TextDecoder().decode(object.bytes));
      table = new Map(entries.map(({ key, value }) => [key, value]));
    },
    lookUp: (key) => table.get(key),
    async staticList(path) {
      try {
        const Key = `${STATIC_PREFIX}${decodeURIComponent(path)}`;
        const found = await bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key }));
        const body = (await found.Body?.transformToByteArray()) ?? new Uint8Array();
        const headers = {
          'content-type': found.ContentType ?? 'text/plain',
          ...(found.CacheControl === undefined ? {} : { 'cache-control': found.CacheControl }),
        };
        return { status: 200, headers, body };
      } catch (error) {
        if (error instanceof URIError || httpStatus(error) === 404) return undefined;
        throw error;
      }
    },
  };
}
