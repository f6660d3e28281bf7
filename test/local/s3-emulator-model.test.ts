import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startS3Emulator } from '../../local/emulators/s3/start-s3-emulator.ts';
import { outcomeOf, S3_CREDENTIALS, s3ClientFor, useS3Emulator } from '../support/s3-under-test.ts';
import { runScript } from '../support/script-process.ts';

const { client, freshBucket } = useS3Emulator();

/** What a write is conditional on; `current` is whatever ETag the model holds then, `stale` one that nothing has. */
type Condition = 'none' | 'absent' | 'current' | 'stale';
type Step =
  | { readonly kind: 'put'; readonly key: string; readonly body: string; readonly condition: Condition }
  | { readonly kind: 'copy'; readonly key: string; readonly from: string; readonly condition: Condition }
  | { readonly kind: 'delete'; readonly key: string; readonly condition: Exclude<Condition, 'absent'> };
type Model = Map<string, string>;

const STALE = '"00000000000000000000000000000000"';
const key = fc.constantFrom('a', 'b', 'dir/a', 'x/../a', 'ü +');
const condition = fc.constantFrom<Condition[]>('none', 'absent', 'current', 'stale');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key, body: fc.constantFrom('1', '2', '3'), condition }),
  fc.record({ kind: fc.constant('copy' as const), key, from: key, condition }),
  fc.record({
    kind: fc.constant('delete' as const),
    key,
    condition: fc.constantFrom('none' as const, 'current' as const, 'stale' as const),
  }),
);

function etag(body: string): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}

function headers(chosen: Condition, current: string | undefined): { IfMatch?: string; IfNoneMatch?: string } {
  if (chosen === 'absent') return { IfNoneMatch: '*' };
  if (chosen === 'stale') return { IfMatch: STALE };
  return chosen === 'current' ? { IfMatch: current === undefined ? STALE : etag(current) } : {};
}

/** The rule under test, in its smallest form. */
function expected(model: Model, { kind, key: target, condition: chosen, ...step }: Step): string {
  const current = model.get(target);
  const body =
    kind === 'delete' ? undefined : 'body' in step ? (step.body as string) : model.get((step as { from: string }).from);
  if (kind === 'copy' && body === undefined) return '404 NoSuchKey';
  if (kind === 'copy' && (step as { from: string }).from === target) return '400 InvalidRequest';
  if (chosen === 'absent' && current !== undefined) return '412 PreconditionFailed';
  if ((chosen === 'current' || chosen === 'stale') && current === undefined) return '404 NoSuchKey';
  if (chosen === 'stale') return '412 PreconditionFailed';
  if (body === undefined) model.delete(target);
  else model.set(target, body);
  return 'done';
}

function carryOut(s3: S3Client, Bucket: string, model: Model, step: Step): Promise<string> {
  const Key = step.key;
  const conditions = headers(step.condition, model.get(Key));
  switch (step.kind) {
    case 'put':
      return outcomeOf(s3.send(new PutObjectCommand({ Bucket, Key, Body: step.body, ...conditions })).then(() => 'done'));
    case 'copy': {
      const CopySource = `${Bucket}/${encodeURIComponent(step.from)}`;
      return outcomeOf(s3.send(new CopyObjectCommand({ Bucket, Key, CopySource, ...conditions })).then(() => 'done'));
    }
    case 'delete':
      return outcomeOf(s3.send(new DeleteObjectCommand({ Bucket, Key, ...conditions })).then(() => 'done'));
  }
}

async function contents(s3: S3Client, Bucket: string): Promise<Model> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  const found: Model = new Map();
  for (const { Key } of Contents) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: Key! }));
    found.set(Key!, await Body!.transformToString());
  }
  return found;
}

test('any sequence of conditional puts, copies and deletes does what a map would', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const Bucket = await freshBucket();
      const model: Model = new Map();
      for (const next of steps) {
        const outcome = await carryOut(client(), Bucket, model, next);
        expect([next, outcome]).toEqual([next, expected(model, next)]);
      }
      const inOrder = [...model].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect([...(await contents(client(), Bucket))]).toEqual(inOrder);
    }),
    { numRuns: 60 },
  );
});

async function bodyFiles(directory: string): Promise<string[]> {
  const entries = await readdir(join(directory, 'bodies'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

test('replaced, refused, deleted and aborted bodies are removed from the disk', async () => {
  const directory = await mkdtemp(join(tmpdir(), 's3-emulator-test-'));
  const emulator = await startS3Emulator({ directory, credentials: S3_CREDENTIALS });
  const s3 = s3ClientFor(emulator.endpoint);
  const Bucket = 'bodies';
  await s3.send(new CreateBucketCommand({ Bucket }));
  for (const Body of ['1', '2', '3']) await s3.send(new PutObjectCommand({ Bucket, Key: 'kept', Body }));
  expect(await outcomeOf(s3.send(new PutObjectCommand({ Bucket, Key: 'kept', Body: '4', IfNoneMatch: '*' })))).toBe(
    '412 PreconditionFailed',
  );
  expect(await outcomeOf(s3.send(new PutObjectCommand({ Bucket, Key: 'bad', Body: '5', ChecksumCRC32: 'AAAAAA==' })))).toBe(
    '400 BadDigest',
  );
  await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/kept` }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'copy' }));
  for (const Key of ['aborted', 'completed']) {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const sent: CompletedPart[] = [];
    for (const Body of ['first try', 'second try']) {
      const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body }));
      sent.push({ ETag: ETag!, PartNumber: 1 });
    }
    if (Key === 'aborted') await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    else await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts: sent.slice(-1) } }));
  }
  expect(await contents(s3, Bucket)).toEqual(
    new Map([
      ['completed', 'second try'],
      ['kept', '3'],
    ]),
  );
  expect(await bodyFiles(directory)).toHaveLength(2);
  s3.destroy();
  await emulator.stop();
  await rm(directory, { recursive: true, force: true });
});

test('everything acknowledged survives kill -9, and what was half written is swept', async () => {
  const directory = await mkdtemp(join(tmpdir(), 's3-emulator-test-'));
  const module = new URL('../../local/emulators/s3/start-s3-emulator.ts', import.meta.url).href;
  const options = JSON.stringify({ directory, credentials: S3_CREDENTIALS });
  const script = `const { startS3Emulator } = await import(${JSON.stringify(module)}); console.log((await startS3Emulator(${options})).endpoint);`;
  try {
    const first = await runScript(script);
    const before = s3ClientFor(first.firstLine);
    const model: Model = new Map();
    await before.send(new CreateBucketCommand({ Bucket: 'kept' }));
    for (let n = 0; n < 50; n += 1) {
      await before.send(new PutObjectCommand({ Bucket: 'kept', Key: `../${n % 40}`, Body: `body ${n}` }));
      model.set(`../${n % 40}`, `body ${n}`);
    }
    // In flight when the process dies: may or may not be there, but never in pieces.
    const inFlight = Array.from({ length: 10 }, (_, n) =>
      before
        .send(new PutObjectCommand({ Bucket: 'kept', Key: `late ${n}`, Body: Buffer.alloc(300_000, 'x') }))
        .catch(() => undefined),
    );
    await first.killHard();
    await Promise.all(inFlight);
    before.destroy();
    // A body whose index entry was never written, as a crash between the two leaves it.
    const [shard = ''] = await readdir(join(directory, 'bodies'));
    await writeFile(join(directory, 'bodies', shard, `${shard}-never-indexed`), 'half');

    const second = await startS3Emulator({ directory, credentials: S3_CREDENTIALS });
    const after = s3ClientFor(second.endpoint);
    const found = await contents(after, 'kept');
    const late = [...found].filter(([name]) => name.startsWith('late'));
    expect(late.every(([, body]) => body === 'x'.repeat(300_000))).toBe(true);
    expect(new Map([...found].filter(([name]) => !name.startsWith('late')))).toEqual(model);
    expect(await bodyFiles(directory)).toHaveLength(found.size);
    await expect(startS3Emulator({ directory, credentials: S3_CREDENTIALS })).rejects.toThrow('is another emulator running');
    after.destroy();
    await second.stop();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
