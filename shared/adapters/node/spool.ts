import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Fault } from '#domain/errors.ts';

/** Bytes that come in pieces: few are in memory, many on disk. Throws Fault when the disk is full. */
export interface Spool {
  readonly write: (piece: Uint8Array) => Promise<void>;
  /** After the last write. */
  readonly received: () => { readonly sha256: string; readonly sizeBytes: number };
  /** A stream is made anew for each use, since it is read once. */
  readonly content: () => Uint8Array | (() => Readable);
  /** To be called in the end. */
  readonly discard: () => Promise<void>;
}

/** Larger files go through a file on disk, so that several can be received at once. */
export const MOST_IN_MEMORY = 16 * 2 ** 20;
const READ_BYTES = 2 ** 20;

/** Without a name from the start: whatever ends the process, the space is free again. */
const namelessFile = async (): Promise<FileHandle> => {
  const path = join(tmpdir(), `mirrortide-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
};

const writeAll = async (file: FileHandle, bytes: Uint8Array): Promise<void> => {
  try {
    for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
  } catch (cause) {
    throw new Fault('a file that was too large for memory cannot be written to disk', { cause });
  }
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

export const spool = (mostInMemory = MOST_IN_MEMORY): Spool => {
  const hash = createHash('sha256');
  let pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  let sha256 = '';
  let file: FileHandle | undefined;

  const spill = async (): Promise<void> => {
    const opened = await namelessFile();
    file = opened;
    for (const piece of pieces) await writeAll(opened, piece);
    pieces = [];
  };

  return {
    write: async (piece) => {
      hash.update(piece);
      sizeBytes += piece.length;
      if (file !== undefined) return writeAll(file, piece);
      // A copy: whoever hands it over may use its memory again.
      pieces.push(Uint8Array.from(piece));
      if (sizeBytes > mostInMemory) await spill();
    },
    received: () => {
      if (sha256 === '') sha256 = hash.digest('hex');
      return { sha256, sizeBytes };
    },
    content: () => {
      const from = file;
      if (from === undefined) return Buffer.concat(pieces);
      return () => Readable.from(piecesOf(from), { objectMode: false });
    },
    discard: async () => {
      pieces = [];
      await file?.close();
      file = undefined;
    },
  };
};
