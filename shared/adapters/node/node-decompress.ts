import { Readable, type Transform } from 'node:stream';
import { createGunzip, createInflateRaw, createZstdDecompress } from 'node:zlib';
import { WireError } from '#domain/errors.ts';
import type { Compression, Decompress } from '#ports/decompress.ts';

const CHUNK_BYTES = 65_536;
/** Pieces of the input, so that one read does not unpack all of it. */
const SLICE_BYTES = 65_536;

export const nodeDecompress: Decompress = async function* (compression, bytes, maximumBytes) {
  const transform = decoder(compression);
  // An error of the decoder comes out of its iterator.
  Readable.from(slices(bytes)).pipe(transform);
  let length = 0;
  try {
    for await (const chunk of transform) {
      length += chunk.length;
      if (length > maximumBytes) throw new WireError(`unpacks to more than ${maximumBytes} bytes`);
      yield chunk;
    }
  } catch (cause) {
    if (cause instanceof WireError || !isCodeOfZlib(cause)) throw cause;
    throw new WireError(`is damaged or cut off (${compression})`, { cause });
  } finally {
    transform.destroy();
  }
};

function decoder(compression: Compression): Transform {
  switch (compression) {
    case 'gzip':
      return createGunzip({ chunkSize: CHUNK_BYTES });
    case 'zstd':
      return createZstdDecompress({ chunkSize: CHUNK_BYTES });
    case 'deflate':
      return createInflateRaw({ chunkSize: CHUNK_BYTES });
  }
}

const isCodeOfZlib = (cause: unknown): boolean =>
  cause instanceof Error &&
  'code' in cause &&
  typeof cause.code === 'string' &&
  /^(?:Z_|ZSTD_|ERR_ZSTD|ERR_ZLIB)/.test(cause.code);

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) yield bytes.subarray(at, at + SLICE_BYTES);
}
