import { WireError } from '#domain/errors.ts';
import type { EdgeEntry, EdgeTable } from '#ports/edge-table.ts';
import { decodeText } from '#wire/bytes/decode-text.ts';
import { parseEdgeTable, printEdgeTable } from '#wire/edge-table.ts';
import { type Bucket, getObject, putObject } from './s3-object.ts';

const KEY = 'edge-table.json';

const differences = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): number => {
  const written = [...after].filter(([key, value]) => before.get(key) !== value).length;
  const removed = [...before.keys()].filter((key) => !after.has(key)).length;
  return written + removed;
};

const asMap = (entries: readonly EdgeEntry[]): Map<string, string> => new Map(entries.map(({ key, value }) => [key, value]));

/** The viewer function's table as one object, for an edge that is not CloudFront. */
export const s3EdgeTable = (bucket: Bucket): EdgeTable => {
  const stored = async (): Promise<ReadonlyMap<string, string> | undefined> => {
    const object = await getObject(bucket, KEY);
    if (object === undefined) return undefined;
    try {
      return asMap(parseEdgeTable(decodeText(object.bytes, 'edge table')));
    } catch (error) {
      // The table is derived as a whole: writing it anew repairs it.
      if (error instanceof WireError) return undefined;
      throw error;
    }
  };

  return {
    replace: async (entries) => {
      const [before, after] = [await stored(), asMap(entries)];
      const changes = differences(before ?? new Map(), after);
      if (before === undefined || changes > 0) {
        const unique = [...after].map(([key, value]) => ({ key, value }));
        await putObject(bucket, KEY, printEdgeTable(unique), { ContentType: 'application/json', CacheControl: 'no-cache' });
      }
      return changes;
    },
  };
};
