import type { SnapshotPointer } from '#domain/snapshot/document.ts';
import type { PointerMove, SnapshotStore, VersionedPointer } from '#ports/snapshot-store.ts';
import { decodeText } from '#wire/bytes/decode-text.ts';
import { parseSnapshotPointer, printSnapshotPointer } from '#wire/snapshot-pointer.ts';
import { type Bucket, getNamedObject, getObject, putImmutableObject, putObjectIf, sha256Hex } from './s3-object.ts';

const POINTER_KEY = 'snapshot-pointer.json';

const keyOf = (name: string): string => `snapshots/${name}`;

/**
 * The pointer is one JSON object that moves by condition on its ETag:
 *
 *   put object (If-None-Match: *)      put pointer (If-Match: the ETag we read)
 *   ────────●───────────────────────────────────●──────────▶
 *           harmless when killed here           readers see the new snapshot, or still the old one
 *
 * An ETag is the MD5 of the content, so an earlier content would bring an earlier ETag back; `sequence` only grows, so no content
 * comes twice.
 */
export const s3SnapshotStore = (bucket: Bucket): SnapshotStore => {
  const readPointer = async (): Promise<VersionedPointer | undefined> => {
    const stored = await getObject(bucket, POINTER_KEY);
    if (stored === undefined) return undefined;
    return { pointer: parseSnapshotPointer(decodeText(stored.bytes, 'snapshot pointer')), version: stored.etag };
  };

  const movePointer = async (next: SnapshotPointer, expected: string | undefined): Promise<PointerMove> => {
    const body = printSnapshotPointer(next);
    const condition = expected === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: expected };
    const put = await putObjectIf(bucket, POINTER_KEY, body, condition, {
      ContentType: 'application/json',
      CacheControl: 'no-cache',
    });
    if (put.kind === 'stored') return { kind: 'moved', version: put.etag };
    const winner = await readPointer();
    // A reply of ours got lost, and the SDK's retry was refused by our own move.
    if (winner !== undefined && printSnapshotPointer(winner.pointer) === body) return { kind: 'moved', version: winner.version };
    return { kind: 'lost', winner };
  };

  return {
    putSnapshot: async (name, bytes) => {
      if (sha256Hex(bytes) !== name) throw new Error(`snapshot ${name} does not have the sha256 that it is named by`);
      await putImmutableObject(bucket, keyOf(name), bytes, { ContentType: 'application/octet-stream' });
    },
    getSnapshot: (name) => getNamedObject(bucket, keyOf(name), name),
    readPointer,
    movePointer,
  };
};
