import { S3Error } from './s3-error.ts';

/** The longest chunk header or trailer line taken: nothing legitimate comes near it. */
const MAX_LINE_BYTES = 8192;

/**
 * Undoes `Content-Encoding: aws-chunked` as it comes with STREAMING-UNSIGNED-PAYLOAD-TRAILER:
 * `size CRLF data CRLF … 0 CRLF trailer:value CRLF … CRLF`. Trailers are put into `trailers`, names in lower case.
 * Source: Amazon S3 API reference, "Signature calculations: transferring payload in multiple chunks, including trailing headers".
 */
export async function* decodeAwsChunked(source: AsyncIterable<Buffer>, trailers: Map<string, string>): AsyncGenerator<Buffer> {
  const reader = byteReader(source);
  try {
    yield* framedChunks(reader, trailers);
  } finally {
    await reader.release();
  }
}

async function* framedChunks(reader: ByteReader, trailers: Map<string, string>): AsyncGenerator<Buffer> {
  for (;;) {
    const sizeBytes = chunkSize(await reader.line());
    if (sizeBytes === 0) break;
    yield* reader.take(sizeBytes);
    if ((await reader.line()) !== '') throw incomplete();
  }
  for (let line = await reader.line(); line !== ''; line = await reader.line()) {
    const colon = line.indexOf(':');
    if (colon === -1) throw incomplete();
    trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
}

interface ByteReader {
  line(): Promise<string>;
  take(sizeBytes: number): AsyncGenerator<Buffer>;
  /** Lets go of the source, so that somebody else can drain it. */
  release(): Promise<void>;
}

function byteReader(source: AsyncIterable<Buffer>): ByteReader {
  const chunks = source[Symbol.asyncIterator]();
  let pending: Buffer = Buffer.alloc(0);

  async function more(): Promise<void> {
    const next = await chunks.next();
    if (next.done === true) throw incomplete();
    pending = pending.length === 0 ? next.value : Buffer.concat([pending, next.value]);
  }

  async function line(): Promise<string> {
    let end = pending.indexOf('\r\n');
    while (end === -1) {
      if (pending.length > MAX_LINE_BYTES) throw incomplete();
      await more();
      end = pending.indexOf('\r\n');
    }
    const text = pending.toString('latin1', 0, end);
    pending = pending.subarray(end + 2);
    return text;
  }

  async function* take(sizeBytes: number): AsyncGenerator<Buffer> {
    let left = sizeBytes;
    while (left > 0) {
      if (pending.length === 0) await more();
      const piece = pending.subarray(0, left);
      pending = pending.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  async function release(): Promise<void> {
    await chunks.return?.();
  }

  return { line, take, release };
}

function chunkSize(header: string): number {
  const [, size] = /^([0-9a-fA-F]{1,12})(?:;.*)?$/.exec(header) ?? [];
  if (size === undefined) throw incomplete();
  return Number.parseInt(size, 16);
}

function incomplete(): S3Error {
  return new S3Error('IncompleteBody', 'The request body terminated unexpectedly.');
}
