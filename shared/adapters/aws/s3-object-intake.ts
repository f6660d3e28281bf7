import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Fault } from '#domain/errors.ts';
import type { ObjectIntake, ObjectReceiver } from '#ports/object-intake.ts';
import { type Bucket, type PutBody, putObjectIf } from './s3-object.ts';
import { volumeObjectHeaders, volumeObjectKey } from './s3-volume-objects.ts';

/** Larger files go through a file on disk, so that several can be received at once. */
const MOST_IN_MEMORY = 16 * 2 ** 20;
const READ_BYTES = 2 ** 20;
const STREAM_TRIES = 3;

/** Without a name from the start: whatever ends the process, the space is free again. */
const namelessFile = async (): Promise<FileHandle> => {
  const path = join(tmpdir(), `mirrortide-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
};

const writeAll = async (file: FileHandle, bytes: Uint8Array): Promise<void> => {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
};

/** Node's own stream of a file closes the file when a try ends early. */
async function* piecesOf(file: FileHandle): AsyncGenerator<Uint8Array> {
  for (let at = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

const repeated = async (put: () => Promise<unknown>): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      await put();
      return;
    } catch (error) {
      if (!(error instanceof Fault) || tries === STREAM_TRIES) throw error;
    }
  }
};

const receiver = (bucket: Bucket, mostInMemory: number): ObjectReceiver => {
  const hash = createHash('sha256');
  let pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  let sha256 = '';
  let file: FileHandle | undefined;

  const spill = async (): Promise<FileHandle> => {
    const opened = await namelessFile();
    file = opened;
    for (const piece of pieces) await writeAll(opened, piece);
    pieces = [];
    return opened;
  };
  /** Anew for each try, since a stream is read once. */
  const body = (): PutBody => {
    const from = file;
    if (from === undefined) return Buffer.concat(pieces);
    return () => Readable.from(piecesOf(from), { objectMode: false });
  };
  return {
    write: async (chunk) => {
      hash.update(chunk);
      sizeBytes += chunk.length;
      if (file !== undefined) await writeAll(file, chunk);
      else {
        // A copy: whoever hands it over may use its memory again.
        pieces.push(Uint8Array.from(chunk));
        if (sizeBytes > mostInMemory) await spill();
      }
    },
    received: () => {
      if (sha256 === '') sha256 = hash.digest('hex');
      return { sha256, sizeBytes };
    },
    store: async () => {
      const headers = { ...volumeObjectHeaders(sha256), ContentLength: sizeBytes };
      const put = () => putObjectIf(bucket, volumeObjectKey(sha256), body(), { ifNoneMatch: '*' }, headers);
      // The SDK repeats no stream by itself.
      if (file === undefined) await put();
      else await repeated(put);
    },
    discard: async () => {
      pieces = [];
      await file?.close();
      file = undefined;
    },
  };
};

/** Objects of volumes, from files that are received in pieces. */
export const s3ObjectIntake = (bucket: Bucket, mostInMemory = MOST_IN_MEMORY): ObjectIntake => ({
  open: async () => receiver(bucket, mostInMemory),
});
