import { DeleteObjectsCommand } from '@aws-sdk/client-s3';
import { Fault, WireError } from '#domain/errors.ts';
import type { StaticList, StaticLists } from '#ports/static-lists.ts';
import { decodeText } from '#wire/bytes/decode-text.ts';
import { parseStaticIndex, printStaticIndex, type StaticIndex } from '#wire/static-index.ts';
import { callAws } from './call-aws.ts';
import { type Bucket, getObject, putObject, sha256Hex } from './s3-object.ts';

const INDEX_KEY = 'static-index.json';
const PREFIX = 'static/';
/** Writes in flight at once; lists come from a generator, so no more than these are in memory. */
const AT_ONCE = 16;
/** DeleteObjects takes no more. */
const DELETE_BATCH = 1_000;
/** A fallback must not outlive the next snapshot by much. */
const CACHE_CONTROL = 'public, max-age=60';

/** The CDN asks S3 by the list's path as it stands in the URI, and S3 looks for the decoded key. */
const keyOf = (path: string): string => `${PREFIX}${decodeURIComponent(path)}`;

const digestOf = ({ contentType, body }: StaticList): string => sha256Hex(new TextEncoder().encode(`${contentType}\n${body}`));

const readIndex = async (bucket: Bucket): Promise<StaticIndex> => {
  const object = await getObject(bucket, INDEX_KEY);
  if (object === undefined) return new Map();
  try {
    return parseStaticIndex(decodeText(object.bytes, 'static index'));
  } catch (error) {
    // Everything is written again; lists that only the damaged index knew stay until a lifecycle rule takes them.
    if (error instanceof WireError) return new Map();
    throw error;
  }
};

const remove = async (bucket: Bucket, paths: readonly string[]): Promise<void> => {
  for (let start = 0; start < paths.length; start += DELETE_BATCH) {
    const objects = paths.slice(start, start + DELETE_BATCH).map((path) => ({ Key: keyOf(path) }));
    await callAws('removing static lists', async () => {
      const command = new DeleteObjectsCommand({ Bucket: bucket.name, Delete: { Objects: objects, Quiet: true } });
      const { Errors: refused = [] } = await bucket.client.send(command);
      if (refused.length > 0) throw new Fault(`${refused.length} static lists were not removed, first: ${refused[0]?.Code}`);
    });
  }
};

/**
 * One index object says what is stored, so lists that did not change cost nothing. It is written last:
 *
 *   read index ── put changed lists ── remove gone ones ── write index
 *
 * Killed anywhere before the end, the next run writes and removes the same lists again.
 */
export const s3StaticLists = (bucket: Bucket): StaticLists => {
  const put = (list: StaticList): Promise<void> =>
    putObject(bucket, keyOf(list.path), list.body, { ContentType: list.contentType, CacheControl: CACHE_CONTROL });

  return {
    replace: async (lists) => {
      const before = await readIndex(bucket);
      const after = new Map<string, string>();
      let written = 0;
      let waiting: StaticList[] = [];
      const flush = async () => {
        await Promise.all(waiting.map(put));
        written += waiting.length;
        waiting = [];
      };
      for (const list of lists) {
        const digest = digestOf(list);
        after.set(list.path, digest);
        if (before.get(list.path) !== digest) waiting.push(list);
        if (waiting.length === AT_ONCE) await flush();
      }
      await flush();
      const gone = [...before.keys()].filter((path) => !after.has(path));
      await remove(bucket, gone);
      if (written + gone.length > 0)
        await putObject(bucket, INDEX_KEY, printStaticIndex(after), { ContentType: 'application/json' });
      return written + gone.length;
    },
  };
};
