export type Compression = 'gzip' | 'zstd' | 'deflate';

/**
 * What the bytes unpack to, a chunk at a time; `deflate` is the bare form in zip archives (RFC 1951). Throws WireError when they are
 * damaged or cut off, or unpack to more than `maximumBytes`.
 */
export type Decompress = (compression: Compression, bytes: Uint8Array, maximumBytes: number) => AsyncIterable<Uint8Array>;
