import { createHash } from 'node:crypto';
import { Fault, WireError } from '#domain/errors.ts';
import type { SnapshotSource } from '#ports/snapshot-store.ts';
import { parseSnapshotPointer } from '#wire/snapshot-pointer.ts';
import type { S3Reader } from './s3-reader.ts';

const POINTER_KEY = 'snapshot-pointer.json';
/** A poll must not hold up the answer that caused it. */
const POINTER_LIMITS = { timeoutMs: 1_500, maximumBytes: 4_096 };
/** Snapshots of the largest networks are below 30 MB; 20 MB/s is a slow day. */
const SNAPSHOT_LIMITS = { timeoutMs: 8_000, maximumBytes: 256 * 2 ** 20 };

/** The reading side of the published snapshot, over S3's plain HTTP interface. */
export const s3SnapshotSource = (reader: S3Reader): SnapshotSource => ({
  poll: async (known) => {
    const read = await reader.get(POINTER_KEY, POINTER_LIMITS, known);
    switch (read.kind) {
      case 'unchanged':
        return { kind: 'unchanged' };
      case 'absent':
        return { kind: 'none' };
      case 'read':
        return { kind: 'changed', pointer: parseSnapshotPointer(new TextDecoder().decode(read.bytes)), version: read.etag };
    }
  },
  fetch: async ({ name }) => {
    const read = await reader.get(`snapshots/${name}`, SNAPSHOT_LIMITS);
    if (read.kind !== 'read') throw new Fault(`snapshot ${name} is announced and not there`);
    const found = createHash('sha256').update(read.bytes).digest('hex');
    if (found !== name) throw new WireError(`snapshot ${name} has the sha256 ${found}`);
    return read.bytes;
  },
});
