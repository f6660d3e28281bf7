import { deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeDecompress } from '#adapters/node/node-decompress.ts';
import { WireError } from '#domain/errors.ts';
import type { Compression } from '#ports/decompress.ts';

const PACK: Readonly<Record<Compression, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: (bytes) => new Uint8Array(gzipSync(bytes)),
  zstd: (bytes) => new Uint8Array(zstdCompressSync(bytes)),
  deflate: (bytes) => new Uint8Array(deflateRawSync(bytes)),
};
const COMPRESSIONS = ['gzip', 'zstd', 'deflate'] as const;

const unpack = async (compression: Compression, bytes: Uint8Array, maximumBytes = 10_000_000): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of nodeDecompress(compression, bytes, maximumBytes)) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
};

describe.each(COMPRESSIONS)('what is compressed with %s', (compression) => {
  it('is unpacked to what it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), fc.nat({ max: 200 }), async (bytes, times) => {
        const content = new Uint8Array(Buffer.concat(Array.from({ length: times + 1 }, () => bytes)));
        expect(Buffer.compare(await unpack(compression, PACK[compression](content)), content)).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('is refused when it is cut off anywhere', async () => {
    const packed = PACK[compression](new Uint8Array(Buffer.from('some words, '.repeat(30))));
    for (let length = 1; length < packed.length; length += 1)
      await expect(unpack(compression, packed.slice(0, length)), `${length} of ${packed.length}`).rejects.toThrow(WireError);
  });

  it('is unpacked to no more than the limit', async () => {
    const bomb = PACK[compression](new Uint8Array(50_000_000));
    await expect(unpack(compression, bomb, 1_000_000)).rejects.toThrow(new WireError('unpacks to more than 1000000 bytes'));
    expect((await unpack(compression, PACK[compression](new Uint8Array(1_000_000)), 1_000_000)).length).toBe(1_000_000);
  });

  it('gives WireError for garbage and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat({ max: 3 }), async (bytes, kept) => {
        const input = new Uint8Array([...PACK[compression](new Uint8Array(9)).slice(0, kept), ...bytes]);
        try {
          await unpack(compression, input, 100_000);
        } catch (fault) {
          expect(fault).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('may be left in the middle', async () => {
    for await (const chunk of nodeDecompress(compression, PACK[compression](new Uint8Array(5_000_000)), 10_000_000)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
  });
});
