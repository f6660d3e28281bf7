import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import * as zlib from 'node:zlib';
import { VerificationProblem } from '../fetch-outcome.ts';
import { BLOCK_BYTES, isZeroBlock, parseTarHeader } from './tar-header.ts';

const MAGIC_PLACE = 257;

/** By their first bytes; a name may say anything. */
const OTHERS: readonly (readonly [string, string])[] = [
  ['504b0304', 'a zip archive'],
  ['504b0506', 'a zip archive'],
  ['fd377a585a00', 'compressed with xz'],
  ['425a68', 'compressed with bzip2'],
];
const GZIP = '1f8b08';
const ZSTD = '28b52ffd';

/**
 * The bytes of a tar archive that may be compressed with gzip or zstd, and no more of them than the limit. Throws VerificationProblem
 * for a file of another kind, and what zlib throws for a damaged one.
 */
export async function* openArchive(file: string, mostBytes: number): AsyncGenerator<Buffer> {
  const chunks = decompressed(file, await headOf(file));
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new VerificationProblem(`the archive unpacks to more than ${mostBytes} bytes`);
    yield chunk;
  }
}

function decompressed(file: string, head: Buffer): AsyncIterable<Buffer> {
  const hex = head.toString('hex');
  if (hex.startsWith(GZIP)) return through(file, zlib.createGunzip());
  if (hex.startsWith(ZSTD)) return through(file, zstd());
  const other = OTHERS.find(([magic]) => hex.startsWith(magic));
  if (other !== undefined) throw new VerificationProblem(`the artefact is ${other[1]}; --unpack takes tar, tar.gz and tar.zst`);
  if (!beginsAsTar(head)) throw new VerificationProblem('the artefact is no archive; --unpack takes tar, tar.gz and tar.zst');
  return createReadStream(file);
}

/** The oldest format has no mark of its own but a header whose checksum is right. */
function beginsAsTar(head: Buffer): boolean {
  if (head.length < BLOCK_BYTES) return false;
  return isZeroBlock(head) || head.toString('latin1', MAGIC_PLACE, MAGIC_PLACE + 5) === 'ustar' || isTarHeader(head);
}

function isTarHeader(head: Buffer): boolean {
  try {
    return parseTarHeader(head).path !== '';
  } catch {
    return false;
  }
}

function zstd(): zlib.Gunzip {
  if (typeof zlib.createZstdDecompress !== 'function')
    throw new VerificationProblem(
      `the artefact is compressed with zstd, which Node ${process.versions.node} cannot read: 22.15 and newer can`,
    );
  return zlib.createZstdDecompress() as unknown as zlib.Gunzip;
}

function through(file: string, transform: zlib.Gunzip): AsyncIterable<Buffer> {
  // The error comes out of the transform, which is what is read.
  return pipeline(createReadStream(file), transform, () => {}) as AsyncIterable<Buffer>;
}

async function headOf(file: string): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(BLOCK_BYTES), 0, BLOCK_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
