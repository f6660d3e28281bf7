import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WireError } from '#domain/errors.ts';
import { bunzip2 } from '#wire/bzip2/bunzip2.ts';

const LIMIT = 2 ** 24;

/** The real program; every machine that builds this has it, and a skipped check is no check. */
const bzip2 = (bytes: Uint8Array, level = 9): Uint8Array =>
  execFileSync('bzip2', ['-c', `-${level}`], { input: bytes, maxBuffer: LIMIT * 2 });

const same = (bytes: Uint8Array, level?: number): void => {
  expect(Buffer.compare(bunzip2(bzip2(bytes, level), LIMIT), bytes)).toBe(0);
};

const repeated = (text: string, bytes: number): Uint8Array => Buffer.alloc(bytes, text);
const noise = (bytes: number): Uint8Array => {
  let state = 1;
  return Uint8Array.from({ length: bytes }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
};

describe('what bzip2 packed is unpacked', () => {
  test.each([
    ['nothing', new Uint8Array()],
    ['one byte', Uint8Array.of(0)],
    ['three, four, five and 260 equal bytes', Buffer.concat([3, 4, 5, 260].map((count, byte) => Buffer.alloc(count, byte)))],
    ['every byte', Uint8Array.from({ length: 256 }, (_, byte) => byte)],
    ['a long run', repeated('\0', 3_000_000)],
    ['text', repeated('releases/40/Everything/x86_64/os/Packages/', 500_000)],
    ['noise of more than a block', noise(1_000_000)],
  ])('%s', (_, bytes) => {
    same(bytes);
    same(bytes, 1);
  });

  test('whatever it is', () => {
    const pieces = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc
          .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 600 }))
          .map(([byte, count]) => Buffer.alloc(count, byte)),
      ),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(pieces, (parts) => same(Buffer.concat(parts))),
      { numRuns: 60 },
    );
  });
});

describe('what is no whole stream is refused', () => {
  const packed = bzip2(Buffer.from('releases/40/Everything/x86_64/os/repodata\n'.repeat(40)));

  test('each byte that is missing at the end is missed', () => {
    for (let length = 0; length < packed.length; length += 1) {
      expect(() => bunzip2(packed.subarray(0, length), LIMIT)).toThrow(WireError);
    }
  });

  test('each bit that is another one is noticed, but for the bits that fill the last byte', () => {
    const original = bunzip2(packed, LIMIT);
    for (let bit = 0; bit < packed.length * 8; bit += 1) {
      const damaged = Uint8Array.from(packed);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
      let unpacked: Uint8Array | undefined;
      try {
        unpacked = bunzip2(damaged, LIMIT);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
      // A larger block size in the header, and padding, change nothing.
      if (unpacked !== undefined) expect(Buffer.compare(unpacked, original)).toBe(0);
    }
  });

  test.each([
    ['something behind it', Buffer.concat([packed, Uint8Array.of(0)])],
    ['a second stream behind it', Buffer.concat([packed, packed])],
    ['gzip', Buffer.from('1f8b0800000000000003', 'hex')],
    ['level 0', Buffer.from('BZh0', 'latin1')],
    ['a pickle', Buffer.from('(dp0\n.', 'latin1')],
  ])('%s', (_, bytes) => {
    expect(() => bunzip2(bytes, LIMIT)).toThrow(WireError);
  });

  test('garbage, also behind a good beginning', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(packed.length), (garbage, kept) => {
        expect(() => bunzip2(Buffer.concat([packed.subarray(0, Math.min(kept, packed.length - 8)), garbage]), LIMIT)).toThrow(
          WireError,
        );
      }),
      { numRuns: 500 },
    );
  });
});

test('a bomb is given up at the limit, and what just fits is not', () => {
  const bomb = bzip2(repeated('\0', 1_000_000));
  expect(bomb.length).toBeLessThan(100);
  expect(() => bunzip2(bomb, 999_999)).toThrow('unpacks to more than 999999 bytes');
  expect(bunzip2(bomb, 1_000_000)).toHaveLength(1_000_000);
});
