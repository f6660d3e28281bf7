import { type FileHandle, open } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Sha256 } from '#domain/volume/tree.ts';
import { VolumeProblem } from '../volume-exit.ts';
import type { SendRequest, StreamedAnswer } from './http-request.ts';

/** Something to be stored under its hash. */
export interface WantedObject {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  /** As the tree calls it, or what it is, for messages. */
  readonly name: string;
  /** Where its bytes are on this machine. */
  readonly file: string;
}

export interface Upload {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type PutOutcome =
  /** By this request, or it was there already. */
  | { readonly kind: 'sent' | 'present' }
  /** The URL is not accepted, most likely because its time is over. */
  | { readonly kind: 'expired'; readonly reason: string }
  | { readonly kind: 'again'; readonly reason: string };

export type PutObject = (object: WantedObject, upload: Upload, sent: (bytes: number) => void) => Promise<PutOutcome>;

const PRECONDITION_FAILED = 412;
const FORBIDDEN = 403;
const PASSING: readonly number[] = [408, 409, 425, 429];
/** S3 computes the hash of what arrives. */
const OTHER_BYTES = /<Code>(?:BadDigest|XAmzContentChecksumMismatch|IncompleteBody)</;
const PASSING_CODES = /<Code>(?:RequestTimeout|SlowDown|InternalError)</;
/** Read at once: a stream costs more than they do. */
const SMALL_BYTES = 262_144;
/** Worth a question before the body is sent. */
const LARGE_BYTES = 1_048_576;
const LONGEST_REASON = 300;

const changed = ({ name }: WantedObject, cause?: unknown): VolumeProblem =>
  new VolumeProblem(
    'local',
    `${name} changed after it was hashed; run it again when nobody writes to it`,
    { path: name },
    { cause },
  );

/** The bytes of a file that still has the size it had; throws VolumeProblem when it has not. */
async function opened(object: WantedObject): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(object.file);
  } catch (cause) {
    throw changed(object, cause);
  }
  if ((await file.stat()).size === object.sizeBytes) return file;
  await file.close();
  throw changed(object);
}

async function bytesOf(object: WantedObject, file: FileHandle): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(object.sizeBytes);
  const { bytesRead } = await file.read(bytes, 0, object.sizeBytes, 0);
  if (bytesRead < object.sizeBytes) throw changed(object);
  return bytes;
}

async function outcomeOf(object: WantedObject, answer: StreamedAnswer): Promise<PutOutcome> {
  const { status } = answer;
  const said = await text(answer.body);
  if (status >= 200 && status < 300) return { kind: 'sent' };
  if (status === PRECONDITION_FAILED) return { kind: 'present' };
  const reason = `storing ${object.name}: status ${status} ${said.replaceAll(/\s+/g, ' ')}`.slice(0, LONGEST_REASON);
  if (status === FORBIDDEN) return { kind: 'expired', reason };
  if (OTHER_BYTES.test(said)) throw changed(object);
  if (status >= 500 || PASSING.includes(status) || PASSING_CODES.test(said)) return { kind: 'again', reason };
  throw new VolumeProblem('unavailable', reason);
}

/** All of a small file; of a larger one a stream that says how much of it went. */
async function sentBody(object: WantedObject, file: FileHandle, moved: (bytes: number) => void) {
  if (object.sizeBytes <= SMALL_BYTES) return await bytesOf(object, file);
  const range = { autoClose: false, start: 0, end: object.sizeBytes - 1 };
  return () => file.createReadStream(range).on('data', (chunk) => moved(chunk.length));
}

/** Puts one object where the service says, streaming it; a file that is not what it was is refused by the store. */
export const objectPutter =
  (send: SendRequest, stop: AbortSignal): PutObject =>
  async (object, upload, sent) => {
    const file = await opened(object);
    let moved = 0;
    const move = (bytes: number): void => {
      moved += bytes;
      sent(bytes);
    };
    const attempt = async (): Promise<PutOutcome> => {
      const body = await sentBody(object, file, move);
      const headers = object.sizeBytes > LARGE_BYTES ? { ...upload.headers, expect: '100-continue' } : upload.headers;
      return outcomeOf(object, await send({ method: 'PUT', url: new URL(upload.url), headers, body, stop }));
    };
    try {
      const outcome = await attempt();
      const isStored = outcome.kind === 'sent' || outcome.kind === 'present';
      move((isStored ? object.sizeBytes : 0) - moved);
      return outcome;
    } catch (error) {
      move(-moved);
      if (error instanceof VolumeProblem || stop.aborted) throw error;
      return { kind: 'again', reason: `storing ${object.name}: ${error instanceof Error ? error.message : error}` };
    } finally {
      await file.close();
    }
  };
