import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WireError } from '#domain/errors.ts';
import type { Manifest } from '#domain/master/manifest.ts';
import { parseManifest } from '#wire/manifest/parse-manifest.ts';
import { printManifest } from '#wire/manifest/print-manifest.ts';
import { manifests } from '../arbitraries.ts';
import { golden } from '../golden/golden.ts';

const hashes = { md5: '0a', sha1: '1b', sha256: '2c', sha512: '3d' };

const SAMPLE: Manifest = {
  category: 'fedora',
  generation: 42,
  createdMs: 1_795_233_600_000,
  nextDirectoryId: 900,
  directories: [
    {
      id: 0,
      path: '',
      modifiedSeconds: 1_795_000_000,
      fingerprint: 'd41d8cd98f00b204',
      changedIn: 1,
      readable: true,
      sample: [],
    },
    {
      id: 899,
      path: 'releases/41/Everything/x86_64/os/Packages/r',
      modifiedSeconds: 1_794_000_000,
      fingerprint: 'ffee',
      changedIn: 42,
      readable: true,
      sample: [
        { name: 'räksmörgås-1.0-1.fc41.x86_64.rpm', sizeBytes: 5_000_000_000, modifiedSeconds: 1_793_999_999 },
        { name: 'a b\n😀', sizeBytes: 0, modifiedSeconds: -1 },
      ],
    },
    {
      id: 3,
      path: 'releases/41/Everything/x86_64/os/repodata',
      modifiedSeconds: 0,
      fingerprint: '',
      changedIn: 7,
      readable: false,
      sample: [],
    },
  ],
  repositories: [
    {
      repo: 'fedora-41',
      arch: 'x86_64',
      type: 'rpm',
      directory: 'releases/41/Everything/x86_64/os',
      headPath: 'releases/41/Everything/x86_64/os/repodata/repomd.xml',
      heads: [{ sizeBytes: 4_000, timestampSeconds: 1_794_000_000, hashes, firstSeenMs: 1_795_000_000_000 }],
    },
  ],
};

test('every manifest comes back as it was printed, and prints the same again', () => {
  fc.assert(
    fc.property(manifests, (manifest) => {
      const printed = printManifest(manifest);
      expect(parseManifest(printed)).toEqual(manifest);
      expect(printManifest(parseManifest(printed))).toEqual(printed);
    }),
  );
});

test('version 1 is read and printed as it was when it was made', () => {
  const bytes = golden('manifest.v1.golden', () => printManifest(SAMPLE));
  expect(parseManifest(bytes)).toEqual(SAMPLE);
  expect(Buffer.from(printManifest(SAMPLE)).equals(bytes)).toBe(true);
});

test('the order of keys in the caller’s objects does not reach the bytes', () => {
  const repository = SAMPLE.repositories[0]!;
  const turned = Object.fromEntries(Object.entries(repository).reverse()) as unknown as typeof repository;
  expect(printManifest({ ...SAMPLE, repositories: [turned] })).toEqual(printManifest(SAMPLE));
});

describe('bytes that are not a manifest', () => {
  const parses = (bytes: Uint8Array): boolean => {
    try {
      parseManifest(bytes);
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(WireError);
      return false;
    }
  };

  test('give a WireError: any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void parses(bytes)));
  });

  test('give a WireError: any bytes behind a right beginning', () => {
    const beginning = printManifest(SAMPLE).subarray(0, 5);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(parses(Uint8Array.from([...beginning, ...bytes]))).toBe(false);
      }),
    );
  });

  test('give a WireError or a manifest: one byte changed', () => {
    const printed = printManifest(SAMPLE);
    for (let at = 0; at < printed.length; at += 1) {
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) parses(printed.with(at, value));
    }
  });

  test('give a WireError: every cut, and anything behind the end', () => {
    const printed = printManifest(SAMPLE);
    for (let length = 0; length < printed.length; length += 1) expect(parses(printed.subarray(0, length))).toBe(false);
    expect(parses(Uint8Array.from([...printed, 0]))).toBe(false);
  });

  test('give a WireError that names the version: a later one', () => {
    const later = printManifest(SAMPLE).with(4, 2);
    expect(() => parseManifest(later)).toThrow('manifest of version 2');
  });
});

describe('what no listing can give is not printed', () => {
  const directory = SAMPLE.directories[0]!;
  const withDirectory = (change: object): Manifest => ({ ...SAMPLE, directories: [{ ...directory, ...change }] });

  test.each([
    ['half a surrogate pair', withDirectory({ path: '\ud83d' })],
    ['a fraction of a second', withDirectory({ modifiedSeconds: 0.5 })],
    ['a negative size', withDirectory({ sample: [{ name: 'a', sizeBytes: -1, modifiedSeconds: 0 }] })],
    ['a time beyond 2^50 seconds', withDirectory({ modifiedSeconds: 2 ** 50 + 1 })],
  ])('%s', (_name, manifest) => {
    expect(() => printManifest(manifest)).toThrow(RangeError);
  });
});
