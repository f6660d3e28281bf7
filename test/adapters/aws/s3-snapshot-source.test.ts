import { createHash } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { s3Reader } from '#adapters/aws/s3-reader.ts';
import { s3SnapshotSource } from '#adapters/aws/s3-snapshot-source.ts';
import { s3SnapshotStore } from '#adapters/aws/s3-snapshot-store.ts';
import { Fault, WireError } from '#domain/errors.ts';
import { S3_CREDENTIALS, useS3Emulator } from '../../support/s3-under-test.ts';

const s3 = useS3Emulator();
const now = () => new Date();
const shared = { region: 'us-east-1', credentials: { ...S3_CREDENTIALS, sessionToken: undefined }, now };

const nameOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const published = async () => {
  const bucket = await s3.freshBucket();
  const store = s3SnapshotStore({ client: s3.client(), name: bucket });
  const options = { ...shared, bucket, endpoint: new URL(s3.emulator().endpoint) };
  return { bucket, store, options, source: s3SnapshotSource(s3Reader(options)) };
};

describe('the snapshot source', () => {
  it('sees nothing, then what was published, then that nothing changed', async () => {
    const { store, source } = await published();
    expect(await source.poll(undefined)).toEqual({ kind: 'none' });
    const bytes = new Uint8Array(300_000).map((_, index) => index % 251);
    const pointer = { name: nameOf(bytes), sequence: 1, publishedMs: 1_795_000_000_000, sizeBytes: bytes.length };
    await store.putSnapshot(pointer.name, bytes);
    await store.movePointer(pointer, undefined);
    const seen = await source.poll(undefined);
    if (seen.kind !== 'changed') throw new Error(`expected a pointer, got ${seen.kind}`);
    expect(seen.pointer).toEqual(pointer);
    expect(await source.poll(seen.version)).toEqual({ kind: 'unchanged' });
    expect(await source.poll('"0123"')).toEqual(seen);
    expect(Buffer.compare(await source.fetch(pointer), bytes)).toBe(0);
  });

  it('refuses an announced object that is not there', async () => {
    const { source } = await published();
    const pointer = { name: 'ab'.repeat(32), sequence: 1, publishedMs: 0, sizeBytes: 1 };
    await expect(source.fetch(pointer)).rejects.toThrow(new Fault(`snapshot ${pointer.name} is announced and not there`));
  });

  it('says what S3 said when it refuses the signature', async () => {
    const { options } = await published();
    const credentials = { ...options.credentials, secretAccessKey: 'wrong' };
    const poll = s3SnapshotSource(s3Reader({ ...options, credentials })).poll(undefined);
    await expect(poll).rejects.toThrow(new Fault('reading snapshot-pointer.json: S3 answered 403 SignatureDoesNotMatch'));
  });
});

const servers: Server[] = [];
const readerOf = async (listener: RequestListener) => {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return s3Reader({ ...shared, bucket: 'b', endpoint });
};
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

describe('a reader of S3', () => {
  const limits = { timeoutMs: 30_000, maximumBytes: 100 };

  it('refuses more bytes than the limit, announced or not', async () => {
    const announced = await readerOf((_, response) => response.end(Buffer.alloc(101)));
    await expect(announced.get('k', limits)).rejects.toThrow(new WireError('an object of 101 bytes is above the limit of 100'));
    const chunked = await readerOf((_, response) => {
      response.write(Buffer.alloc(60));
      response.end(Buffer.alloc(60));
    });
    await expect(chunked.get('k', limits)).rejects.toThrow(new WireError('an object is above the limit of 100 bytes'));
  });

  it('reads bodies whose length is not announced', async () => {
    const reader = await readerOf((_, response) => {
      response.setHeader('etag', '"e"');
      for (const part of ['one ', 'two ', 'three']) response.write(part);
      response.end();
    });
    const read = await reader.get('k', limits);
    expect(read.kind === 'read' && [Buffer.from(read.bytes).toString(), read.etag]).toEqual(['one two three', '"e"']);
  });

  it('gives up after its time-out, before and within the body', async () => {
    const short = { ...limits, timeoutMs: 100 };
    const silent = await readerOf(() => {});
    await expect(silent.get('k', short)).rejects.toThrow(new Fault('reading k: no answer within 100 ms'));
    const stuck = await readerOf((_, response) => {
      response.setHeader('content-length', 50);
      response.write('x');
    });
    await expect(stuck.get('k', short)).rejects.toThrow(new Fault('reading k: no answer within 100 ms'));
  });

  it('takes a body that ends too soon for a failed connection', async () => {
    const reader = await readerOf((_, response) => {
      response.setHeader('content-length', 50);
      response.write('x', () => response.destroy());
    });
    await expect(reader.get('k', limits)).rejects.toThrow(Fault);
  });

  it('does not take damaged bytes for the snapshot', async () => {
    const reader = await readerOf((_, response) => response.end('damaged'));
    const pointer = { name: nameOf(Buffer.from('whole')), sequence: 1, publishedMs: 0, sizeBytes: 5 };
    await expect(s3SnapshotSource(reader).fetch(pointer)).rejects.toThrow(WireError);
  });
});
