import type { ArchiveEntry } from '#domain/artefact/archive-tree.ts';
import { VerificationProblem } from '../fetch-outcome.ts';
import { type ByteSource, byteSource } from './byte-source.ts';
import { type PaxRecords, parsePaxRecords } from './pax-records.ts';
import { BLOCK_BYTES, decodeName, isZeroBlock, kindOf, parseTarHeader, type TarHeader } from './tar-header.ts';

export interface TarEntry extends ArchiveEntry {
  readonly mode: number;
  readonly mtimeSeconds: number;
  /** To be read before the next entry is asked for; what is left of it is skipped. */
  readonly body: AsyncIterable<Buffer>;
}

/** Of one extended header or one long name. */
const LONGEST_HEADER_BYTES = 1 << 20;
const PAX_NEXT = 'x';
const PAX_ALL = 'g';
const GNU_LONG_NAME = 'L';
const GNU_LONG_LINK = 'K';

/**
 * The entries of a tar archive: ustar, pax and GNU. What a careful program refuses is refused here only where the archive itself
 * contradicts itself; where entries may go is for archiveTree to say. Throws VerificationProblem for what is no archive.
 */
export async function* readTar(chunks: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  const source = byteSource(chunks);
  try {
    yield* entriesOf(source);
  } finally {
    await source.close();
  }
}

async function* entriesOf(source: ByteSource): AsyncGenerator<TarEntry> {
  let extended: PaxRecords | undefined;
  for (let block = await source.take(BLOCK_BYTES); block !== undefined; block = await source.take(BLOCK_BYTES)) {
    if (isZeroBlock(block)) break;
    const header = parseTarHeader(block);
    const more = await readExtension(source, header);
    if (more !== undefined) {
      extended = { ...extended, ...more };
      continue;
    }
    const entry = entryOf(header, extended ?? {});
    extended = undefined;
    let left = entry.sizeBytes;
    const body = counted(source.pieces(left), (bytes) => {
      left -= bytes;
    });
    yield { ...entry, body };
    await skip(source, left + paddingOf(entry.sizeBytes));
  }
  if (extended !== undefined) throw new VerificationProblem('the archive is damaged: an extended header without its entry');
}

async function* counted(pieces: AsyncIterable<Buffer>, count: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    count(piece.length);
    yield piece;
  }
}

/** Undefined for an entry of its own. */
async function readExtension(source: ByteSource, header: TarHeader): Promise<PaxRecords | undefined> {
  if (![PAX_NEXT, PAX_ALL, GNU_LONG_NAME, GNU_LONG_LINK].includes(header.typeFlag)) return undefined;
  if (header.sizeBytes > LONGEST_HEADER_BYTES)
    throw new VerificationProblem('the archive has an extended header that is too large');
  const bytes = header.sizeBytes === 0 ? Buffer.alloc(0) : await source.take(header.sizeBytes);
  if (bytes === undefined) throw new VerificationProblem('the archive ends in the middle');
  await skip(source, paddingOf(header.sizeBytes));
  if (header.typeFlag === PAX_NEXT) return parsePaxRecords(bytes);
  if (header.typeFlag === PAX_ALL) return globalRecords(bytes);
  const end = bytes.indexOf(0);
  const name = decodeName(end === -1 ? bytes : bytes.subarray(0, end));
  return header.typeFlag === GNU_LONG_NAME ? { path: name } : { target: name };
}

/** Git writes one with the commit. One that names or measures every file that follows can only be meant to confuse. */
function globalRecords(bytes: Buffer): PaxRecords {
  const { path, target, sizeBytes } = parsePaxRecords(bytes);
  if (path !== undefined || target !== undefined || sizeBytes !== undefined)
    throw new VerificationProblem('the archive has a global header with a name or a size');
  return {};
}

function entryOf(header: TarHeader, extended: PaxRecords): Omit<TarEntry, 'body'> {
  const path = extended.path ?? header.path;
  const kind = kindOf(header.typeFlag, path);
  const sizeBytes = extended.sizeBytes ?? header.sizeBytes;
  if (kind !== 'file' && kind !== 'unknown' && sizeBytes > 0)
    throw new VerificationProblem(`the archive has a ${kind} with content: ${JSON.stringify(path)}`);
  return {
    kind,
    path,
    sizeBytes,
    target: extended.target ?? header.target,
    mode: header.mode,
    mtimeSeconds: extended.mtimeSeconds ?? header.mtimeSeconds,
  };
}

const paddingOf = (bytes: number): number => (BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES;

async function skip(source: ByteSource, bytes: number): Promise<void> {
  for await (const _ of source.pieces(bytes));
}
