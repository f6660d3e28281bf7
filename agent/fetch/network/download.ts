import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { Digest } from '#domain/artefact/digest.ts';
import type { Report } from '../../report/report.ts';
import { DigestMismatch, NetworkProblem, VerificationProblem } from '../fetch-outcome.ts';
import type { FetchSettings } from '../fetch-settings.ts';
import type { FetchWorld } from '../fetch-world.ts';
import { quietly, syncPath, writeAll } from '../install/durable.ts';
import type { Layout } from '../install/layout.ts';
import { attempts } from './attempts.ts';
import { follow } from './follow.ts';
import type { HttpReply } from './open-http.ts';

const OK = 200;
const PARTIAL = 206;
const UNSATISFIABLE = 416;
const PIECE_BYTES = 1 << 20;

interface Download {
  readonly world: FetchWorld;
  readonly settings: FetchSettings;
  readonly layout: Layout;
  readonly report: Report;
  readonly digest: Digest;
}

/** The part that is on disk, open at its end. */
interface Part {
  readonly descriptor: number;
  readonly hash: Hash;
  bytes: number;
  /** For If-Range: what the server called the bytes that are there. */
  validator: string | undefined;
}

/**
 * The path of a file that has the digest, once it is on disk whole. A file that has it already costs nothing; a part of an earlier
 * run is gone on from, if the server says that the artefact is still the same. `first` is an answer whose body is still to come.
 */
export async function download(job: Download, first: HttpReply | undefined): Promise<string> {
  const { world, layout, digest } = job;
  const file = layout.cached(digest);
  if (hashOfFile(digest, file) === digest.hex) return file;
  world.disk.mkdirSync(layout.cache, { recursive: true });
  const part = openPart(job);
  try {
    await receive(job, part, first);
    const hex = part.hash.digest('hex');
    if (hex !== digest.hex) {
      dropPart(job);
      throw new DigestMismatch(`${job.settings.url}: its ${digest.algorithm} is ${hex} and should be ${digest.hex}`);
    }
    world.disk.fsyncSync(part.descriptor);
  } finally {
    world.disk.closeSync(part.descriptor);
  }
  world.disk.renameSync(layout.part(digest), file);
  world.disk.rmSync(layout.partValidator(digest), { force: true });
  syncPath(world.disk, layout.cache);
  return file;
}

async function receive(job: Download, part: Part, first: HttpReply | undefined): Promise<void> {
  let given = part.bytes === 0 ? first : undefined;
  if (given === undefined) first?.discard();
  await attempts(
    job.world,
    job.report,
    async () => {
      const reply = given ?? (await follow(job.world, job.settings.url, rangeHeaders(part), [OK, PARTIAL, UNSATISFIABLE]));
      given = undefined;
      try {
        await takeBody(job, part, reply);
      } finally {
        reply.discard();
      }
    },
    () => part.bytes,
  );
}

const rangeHeaders = (part: Part): Readonly<Record<string, string>> =>
  part.bytes === 0 || part.validator === undefined ? {} : { range: `bytes=${part.bytes}-`, 'if-range': part.validator };

async function takeBody(job: Download, part: Part, reply: HttpReply): Promise<void> {
  if (reply.status === UNSATISFIABLE) {
    restart(job, part, undefined);
    throw new NetworkProblem(`${job.settings.url}: status 416, the artefact has changed`, true);
  }
  if (reply.status === OK) restart(job, part, validatorOf(reply));
  else if (startOf(reply) !== part.bytes) {
    restart(job, part, undefined);
    throw new NetworkProblem(`${job.settings.url}: another range than the one that was asked for`, true);
  }
  const total = totalBytes(reply, part.bytes);
  const limit = job.settings.downloadBytes;
  if (total !== undefined && total > limit) throw tooLarge(job);
  job.report.progress('downloading', part.bytes, total);
  for await (const chunk of reply.body) {
    if (part.bytes + chunk.length > limit) throw tooLarge(job);
    writeAll(job.world.disk, part.descriptor, chunk, part.bytes);
    part.hash.update(chunk);
    part.bytes += chunk.length;
    job.report.progress('downloading', part.bytes, total);
  }
  if (total !== undefined && part.bytes !== total)
    throw new NetworkProblem(`${job.settings.url}: ${part.bytes} bytes of ${total}`, true);
}

function tooLarge(job: Download): VerificationProblem {
  dropPart(job);
  return new VerificationProblem(`${job.settings.url} is larger than ${job.settings.downloadBytes} bytes`);
}

function startOf(reply: HttpReply): number {
  return Number(/^bytes (\d{1,15})-/.exec(reply.headers['content-range'] ?? '')?.[1] ?? -1);
}

function totalBytes(reply: HttpReply, present: number): number | undefined {
  const length = reply.headers['content-length'];
  return length === undefined || !/^\d{1,15}$/.test(length) ? undefined : present + Number(length);
}

/** Strong validators only; a weak entity tag may stand for other bytes (RFC 9110, section 13.1.5). */
function validatorOf(reply: HttpReply): string | undefined {
  const tag = reply.headers.etag;
  return tag !== undefined && !tag.startsWith('W/') ? tag : reply.headers['last-modified'];
}

function openPart(job: Download): Part {
  const { world, layout, digest } = job;
  const path = layout.part(digest);
  const validator = quietly(() => readFileSync(layout.partValidator(digest), 'utf8'));
  if (validator === undefined) world.disk.rmSync(path, { force: true });
  const descriptor = world.disk.openSync(path, 'a+', 0o644);
  world.disk.closeSync(descriptor);
  const part = { descriptor: world.disk.openSync(path, 'r+'), hash: createHash(digest.algorithm), bytes: 0, validator };
  part.bytes = hashInto(part.hash, part.descriptor);
  if (part.bytes > 0) job.report.note('resume', `going on from ${part.bytes} bytes`, { bytes: part.bytes });
  return part;
}

/** The hash of a part cannot go back, so a new one takes its place. */
function restart(job: Download, part: Part, validator: string | undefined): void {
  const { disk } = job.world;
  const path = job.layout.partValidator(job.digest);
  disk.rmSync(path, { force: true });
  disk.ftruncateSync(part.descriptor, 0);
  Object.assign(part, { hash: createHash(job.digest.algorithm), bytes: 0, validator });
  if (validator === undefined) return;
  const descriptor = disk.openSync(path, 'w', 0o644);
  try {
    writeAll(disk, descriptor, Buffer.from(validator), 0);
  } finally {
    disk.closeSync(descriptor);
  }
}

function dropPart(job: Download): void {
  job.world.disk.rmSync(job.layout.partValidator(job.digest), { force: true });
  job.world.disk.rmSync(job.layout.part(job.digest), { force: true });
}

/** Undefined when there is no such file. */
function hashOfFile(digest: Digest, file: string): string | undefined {
  const descriptor = quietly(() => openSync(file, 'r'));
  if (descriptor === undefined) return undefined;
  try {
    const hash = createHash(digest.algorithm);
    hashInto(hash, descriptor);
    return hash.digest('hex');
  } finally {
    closeSync(descriptor);
  }
}

function hashInto(hash: Hash, descriptor: number): number {
  const piece = Buffer.allocUnsafe(PIECE_BYTES);
  let bytes = 0;
  for (;;) {
    const read = readSync(descriptor, piece, 0, piece.length, bytes);
    if (read === 0) return bytes;
    hash.update(piece.subarray(0, read));
    bytes += read;
  }
}
