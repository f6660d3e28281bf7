import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { WireError } from '#domain/errors.ts';
import type { UpstreamMemory } from '#ports/upstream-memory.ts';
import { parseUpstreamMemory, printUpstreamMemory } from '#wire/volume/upstream-memory.ts';
import { type Bucket, getObject, putObject } from './s3-object.ts';

const keyOf = (volume: string): string => `upstreams/${volume}.ndjson.gz`;
/** Of some five million files. */
const MOST_BYTES = 2 ** 30;

const unpacked = async (bytes: Uint8Array): Promise<Uint8Array> => {
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: MOST_BYTES });
  } catch (cause) {
    throw new WireError('the memory of an upstream cannot be unpacked', { cause });
  }
};

/** One object per volume, beside those of the releases. */
export const s3UpstreamMemory = (bucket: Bucket): UpstreamMemory => ({
  read: async (volume) => {
    const stored = await getObject(bucket, keyOf(volume));
    return stored === undefined ? new Map() : parseUpstreamMemory(await unpacked(stored.bytes));
  },
  write: async (volume, files) => {
    const packed = await promisify(gzip)(printUpstreamMemory(files));
    await putObject(bucket, keyOf(volume), packed, { ContentType: 'application/gzip' });
  },
});
