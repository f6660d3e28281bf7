import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { Sha256 } from '@aws-crypto/sha256-js';
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { SignatureV4 } from '@smithy/signature-v4';
import { describe, expect, test } from 'vitest';
import { outcomeOf, S3_CREDENTIALS, s3ClientFor, useS3Emulator } from '../support/s3-under-test.ts';

const { emulator, client, freshBucket } = useS3Emulator();

interface Presigning {
  readonly method?: 'GET' | 'PUT';
  readonly query?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly signedSecondsAgo?: number;
}

async function presign(
  path: string,
  { method = 'GET', query = {}, headers = {}, signedSecondsAgo = 0 }: Presigning = {},
): Promise<string> {
  const { host, hostname, port } = new URL(emulator().endpoint);
  const signer = new SignatureV4({
    service: 's3',
    region: 'us-east-1',
    credentials: S3_CREDENTIALS,
    sha256: Sha256,
    uriEscapePath: false,
  });
  const signed = await signer.presign(
    {
      method,
      protocol: 'http:',
      hostname,
      port: Number(port),
      path,
      query,
      headers: { host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...headers },
    },
    {
      expiresIn: 60,
      signingDate: new Date(Date.now() - signedSecondsAgo * 1000),
      // Sent as headers by the caller, not in the address.
      unhoistableHeaders: new Set(Object.keys(headers)),
    },
  );
  return `${emulator().endpoint}${path}?${new URLSearchParams(signed.query as Record<string, string>)}`;
}

interface Sent {
  readonly path: string;
  readonly query: Record<string, string>;
  readonly headers: Record<string, string>;
}

async function answer(url: string, init: RequestInit = {}): Promise<{ status: number; body: string }> {
  const response = await fetch(url, init);
  return { status: response.status, body: await response.text() };
}

function codeOf({ status, body }: { status: number; body: string }): string {
  return `${status} ${/<Code>(\w+)<\/Code>/.exec(body)?.[1]}`;
}

describe('signatures', () => {
  test('are demanded, with an error document that names the request', async () => {
    const Bucket = await freshBucket();
    const response = await fetch(`${emulator().endpoint}/${Bucket}/a&b`);
    const requestId = response.headers.get('x-amz-request-id');
    expect([response.status, response.headers.get('content-type')]).toEqual([403, 'application/xml']);
    expect(await response.text()).toBe(
      `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message><Resource>/${Bucket}/a&amp;b</Resource><RequestId>${requestId}</RequestId></Error>`,
    );
  });

  test('with another secret or for another key identity are refused', async () => {
    const stranger = s3ClientFor(emulator().endpoint, 'wrong-secret');
    expect(await outcomeOf(stranger.send(new ListObjectsV2Command({ Bucket: 'b' })))).toBe('403 SignatureDoesNotMatch');
    stranger.destroy();
    const url = await presign('/b/k');
    expect(codeOf(await answer(url.replace('Credential=local%2F', 'Credential=other%2F')))).toBe('403 InvalidAccessKeyId');
  });

  test('cover the path, the query, the method, the signed headers and the body', async () => {
    const Bucket = await freshBucket();
    const tamperings: [string, (request: Sent) => object][] = [
      ['path', ({ path }) => ({ path: path.replace('/k', '/l') })],
      ['query', ({ query }) => ({ query: { ...query, 'response-content-type': 'a' } })],
      ['method', () => ({ method: 'DELETE' })],
      ['header', ({ headers }) => ({ headers: { ...headers, 'x-amz-date': '20200101T000000Z' } })],
      ['body', () => ({ body: 'tampered' })],
      ['unsigned header', ({ headers }) => ({ headers: { ...headers, 'x-amz-meta-added': '1' } })],
    ];
    for (const [what, tamper] of tamperings) {
      const tampering = s3ClientFor(emulator().endpoint);
      tampering.middlewareStack.add(
        (next) => (args) => {
          Object.assign(args.request as object, tamper(args.request as Sent));
          return next(args);
        },
        { step: 'finalizeRequest', name: 'tamper', priority: 'low' },
      );
      const outcome = await outcomeOf(tampering.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'original' })));
      expect([what, outcome]).toEqual([
        what,
        expect.stringMatching(/^(403 (SignatureDoesNotMatch|AccessDenied|RequestTimeTooSkewed)|400 XAmzContentSHA256Mismatch)$/),
      ]);
      tampering.destroy();
    }
  });

  test('made by a clock that is far off are refused', async () => {
    const late = s3ClientFor(emulator().endpoint);
    late.config.systemClockOffset = -3_600_000;
    expect(await outcomeOf(late.send(new ListObjectsV2Command({ Bucket: 'b' })))).toBe('403 RequestTimeTooSkewed');
    late.destroy();
  });
});

describe('presigned addresses', () => {
  test('put and get an object with any HTTP client', async () => {
    const Bucket = await freshBucket();
    const path = `/${Bucket}/dir/a%20b%2Bc`;
    const headers = { 'content-type': 'text/plain' };
    expect(await answer(await presign(path, { method: 'PUT', headers }), { method: 'PUT', body: 'body', headers })).toEqual({
      status: 200,
      body: '',
    });
    expect(await answer(await presign(path))).toEqual({ status: 200, body: 'body' });
    expect(await client().send(new HeadObjectCommand({ Bucket, Key: 'dir/a b+c' }))).toMatchObject({
      ContentType: 'text/plain',
      ContentLength: 4,
    });
    const query = { 'response-content-disposition': 'attachment; filename="x y"' };
    const response = await fetch(await presign(path, { query }));
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="x y"');
    await response.arrayBuffer();
  });

  test('read a bare plus in a path as a space, as S3 does', async () => {
    const Bucket = await freshBucket();
    await client().send(new PutObjectCommand({ Bucket, Key: 'libstdc++.rpm', Body: 'body' }));
    expect((await answer(await presign(`/${Bucket}/libstdc%2B%2B.rpm`))).body).toBe('body');
    expect(codeOf(await answer((await presign(`/${Bucket}/libstdc%20%20.rpm`)).replace('%20%20', '++')))).toBe('404 NoSuchKey');
  });

  test('expire, and cannot be used for anything else', async () => {
    const Bucket = await freshBucket();
    await client().send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'body' }));
    const url = await presign(`/${Bucket}/k`);
    expect(codeOf(await answer(await presign(`/${Bucket}/k`, { signedSecondsAgo: 61 })))).toBe('403 AccessDenied');
    expect(codeOf(await answer(url, { method: 'PUT', body: 'x' }))).toBe('403 SignatureDoesNotMatch');
    expect(codeOf(await answer(url.replace('/k?', '/l?')))).toBe('403 SignatureDoesNotMatch');
    expect(codeOf(await answer(url.replace('Expires=60', 'Expires=600')))).toBe('403 SignatureDoesNotMatch');
    expect(codeOf(await answer(url.replace('X-Amz-Expires=60', 'X-Amz-Expires=999999')))).toBe(
      '400 AuthorizationQueryParametersError',
    );
    expect(codeOf(await answer(url, { headers: { 'x-amz-meta-added': '1' } }))).toBe('403 AccessDenied');
  });
});

/** Check values of the CRC catalogue for "123456789", and the digests of the same text. */
const CHECKSUMS: [keyof PutObjectCommandInput & `Checksum${string}`, string][] = [
  ['ChecksumCRC32', Buffer.from('cbf43926', 'hex').toString('base64')],
  ['ChecksumCRC32C', Buffer.from('e3069283', 'hex').toString('base64')],
  ['ChecksumCRC64NVME', Buffer.from('ae8b14860a799888', 'hex').toString('base64')],
  ['ChecksumSHA1', createHash('sha1').update('123456789').digest('base64')],
  ['ChecksumSHA256', createHash('sha256').update('123456789').digest('base64')],
];

describe.each(CHECKSUMS)('%s', (name, value) => {
  test('is kept when it is right and refused when it is wrong', async () => {
    const Bucket = await freshBucket();
    const store = (Body: string) => outcomeOf(client().send(new PutObjectCommand({ Bucket, Key: 'k', Body, [name]: value })));
    expect(await store('12345678X')).toBe('400 BadDigest');
    expect(await outcomeOf(client().send(new HeadObjectCommand({ Bucket, Key: 'k' })))).toBe('404 NotFound');
    expect(await store('123456789')).toMatchObject({ [name]: value });
    const read = await client().send(new GetObjectCommand({ Bucket, Key: 'k', ChecksumMode: 'ENABLED' }));
    expect(read).toMatchObject({ [name]: value, ChecksumType: 'FULL_OBJECT' });
    expect(await read.Body!.transformToString()).toBe('123456789');
    expect(await outcomeOf(client().send(new PutObjectCommand({ Bucket, Key: 'k', Body: '1', [name]: 'AAA=' })))).toBe(
      '400 InvalidRequest',
    );
  });
});

describe('uploads', () => {
  test('check Content-MD5', async () => {
    const Bucket = await freshBucket();
    const store = (ContentMD5: string) =>
      outcomeOf(
        client()
          .send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'body', ContentMD5 }))
          .then(() => 'ok'),
      );
    expect(await store(createHash('md5').update('body').digest('base64'))).toBe('ok');
    expect(await store(createHash('md5').update('other').digest('base64'))).toBe('400 BadDigest');
    expect(await store('short')).toBe('400 InvalidDigest');
  });

  test('in aws-chunked framing with a trailing checksum are unwrapped', async () => {
    const Bucket = await freshBucket();
    const pieces = Array.from({ length: 40 }, (_, n) => Buffer.alloc(n * 1000 + 1, n));
    const whole = Buffer.concat(pieces);
    const Body = Readable.from(pieces);
    const put = new PutObjectCommand({
      Bucket,
      Key: 'k',
      Body,
      ContentLength: whole.length,
      ChecksumAlgorithm: 'CRC32',
      ContentEncoding: 'zstd',
    });
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32BE(crc32(whole));
    expect(await client().send(put)).toMatchObject({ ChecksumCRC32: checksum.toString('base64') });
    const read = await client().send(new GetObjectCommand({ Bucket, Key: 'k' }));
    expect([read.ContentEncoding, read.ContentLength]).toEqual(['zstd', whole.length]);
    expect(Buffer.from(await read.Body!.transformToByteArray()).equals(whole)).toBe(true);
  });

  test('with a damaged chunk, a missing trailer or a wrong trailer are refused', async () => {
    const Bucket = await freshBucket();
    const store = async (frames: string, decoded: number): Promise<string> => {
      const headers = {
        'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        'x-amz-trailer': 'x-amz-checksum-crc32',
        'x-amz-decoded-content-length': String(decoded),
        'content-encoding': 'aws-chunked',
      };
      // Signed in the query, so that the framing below can be wrong in any way.
      const url = await presign(`/${Bucket}/k`, { method: 'PUT', headers });
      return codeOf(await answer(url, { method: 'PUT', body: frames, headers }));
    };
    expect(await store('4\r\nbody\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n', 4)).toBe('400 BadDigest');
    expect(await store('4\r\nbody\r\n0\r\n\r\n', 4)).toBe('400 InvalidRequest');
    expect(await store('5\r\nbody\r\n0\r\n\r\n', 5)).toBe('400 IncompleteBody');
    expect(await store('zz\r\nbody', 4)).toBe('400 IncompleteBody');
    expect(await store('4\r\nbody\r\n0\r\nx-amz-checksum-crc32:qLA8ug==\r\n\r\n', 5)).toBe('400 IncompleteBody');
    expect(await outcomeOf(client().send(new HeadObjectCommand({ Bucket, Key: 'k' })))).toBe('404 NotFound');
  });

  test('that break off leave nothing behind', async () => {
    const Bucket = await freshBucket();
    const url = new URL(await presign(`/${Bucket}/k`, { method: 'PUT' }));
    await new Promise<void>((resolve) => {
      const request = httpRequest(url, { method: 'PUT', headers: { 'content-length': 1000 } });
      request.on('error', () => resolve());
      request.write('half', () => request.destroy(new Error('broken off')));
    });
    expect(await outcomeOf(client().send(new HeadObjectCommand({ Bucket, Key: 'k' })))).toBe('404 NotFound');
  });

  test('of 210 MB in one piece come back unchanged, whole and in parts', async () => {
    const Bucket = await freshBucket();
    const piece = Buffer.alloc(1024 * 1024, 'mirrortide');
    const pieces = 210;
    const hash = createHash('sha256');
    function* source(): Generator<Buffer> {
      for (let n = 0; n < pieces; n += 1) {
        piece.writeUInt32BE(n);
        hash.update(piece);
        yield Buffer.from(piece);
      }
    }
    await client().send(
      new PutObjectCommand({ Bucket, Key: 'big', Body: Readable.from(source()), ContentLength: pieces * piece.length }),
    );
    const read = await client().send(new GetObjectCommand({ Bucket, Key: 'big' }));
    const seen = createHash('sha256');
    for await (const chunk of read.Body as Readable) seen.update(chunk);
    expect(seen.digest('hex')).toBe(hash.digest('hex'));
    const middle = 100 * piece.length;
    const part = await client().send(new GetObjectCommand({ Bucket, Key: 'big', Range: `bytes=${middle}-${middle + 3}` }));
    expect(Buffer.from(await part.Body!.transformToByteArray()).readUInt32BE()).toBe(100);
  });

  test('asking for what is not emulated are refused rather than half done', async () => {
    const Bucket = await freshBucket();
    const outcomes = [
      await outcomeOf(client().send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'b', Tagging: 'a=b' }))),
      await outcomeOf(client().send(new GetObjectCommand({ Bucket, Key: 'k', VersionId: 'v' }))),
      await outcomeOf(client().send(new CreateMultipartUploadCommand({ Bucket, Key: 'k', Tagging: 'a=b' }))),
    ];
    expect(outcomes).toEqual(['501 NotImplemented', '501 NotImplemented', '501 NotImplemented']);
    expect(await outcomeOf(client().send(new PutObjectCommand({ Bucket, Key: 'k'.repeat(1025), Body: 'b' })))).toBe(
      '400 KeyTooLongError',
    );
  });
});
