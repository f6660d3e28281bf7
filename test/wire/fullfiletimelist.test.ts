import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '#domain/errors.ts';
import type { ListedEntry } from '#ports/file-lister.ts';
import { FILE_TIME_LIST_LIMITS, type FileTimeListEnd, fullFileTimeListParser } from '#wire/fullfiletimelist.ts';

const SHA = 'dd9b3a6b5bbc48bea54335d385d81b35ff2e19e016cf4d1334a505ffe6fd02a9';
const LIST = `[Version]
2

[Files]
1700000001\tf\t628\tlinux/releases/41/repodata/repomd.xml
1700000002\td\t4096\tlinux/releases/41/repodata
1700000003\td*\t4096\tlinux/releases/42
1700000004\tf-\t10\tlinux/releases/42/a b\tc
1700000005\tl\t7\tlinux/link
1700000006\td\t4096\tlinux/grün

[Checksums SHA1]
da39a3ee5e6b4b0d3255bfef95601890afd80709\tlinux/releases/41/repodata/repomd.xml

[Checksums MD5]
d41d8cd98f00b204e9800998ecf8427e\tlinux/releases/41/repodata/repomd.xml

[Checksums SHA256]
${SHA}\tlinux/releases/41/repodata/repomd.xml

[End]
`;

interface Read {
  readonly entries: ListedEntry[];
  readonly digests: [string, string][];
  readonly end: FileTimeListEnd;
}

const read = (chunks: readonly Uint8Array[], limits = FILE_TIME_LIST_LIMITS): Read => {
  const entries: ListedEntry[] = [];
  const digests: [string, string][] = [];
  const parser = fullFileTimeListParser(
    { entry: (entry) => entries.push(entry), sha256: (path, hex) => digests.push([path, hex]) },
    limits,
  );
  for (const chunk of chunks) parser.push(chunk);
  return { entries, digests, end: parser.end() };
};
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const whole = (text: string): Read => read([bytes(text)]);
const entry = (
  kind: ListedEntry['kind'],
  modifiedSeconds: number,
  sizeBytes: number,
  path: string,
  mode: number,
): ListedEntry => ({
  kind,
  modifiedSeconds,
  sizeBytes,
  path,
  mode,
});

const EXPECTED: Read = {
  entries: [
    entry('file', 1700000001, 628, 'linux/releases/41/repodata/repomd.xml', 0o100755),
    entry('directory', 1700000002, 4096, 'linux/releases/41/repodata', 0o040755),
    entry('directory', 1700000003, 4096, 'linux/releases/42', 0o040750),
    entry('file', 1700000004, 10, 'linux/releases/42/a b\tc', 0o100750),
    entry('symlink', 1700000005, 7, 'linux/link', 0o120755),
    entry('directory', 1700000006, 4096, 'linux/grün', 0o040755),
  ],
  digests: [['linux/releases/41/repodata/repomd.xml', SHA]],
  end: { kind: 'complete', entries: 6 },
};

describe('fullfiletimelist', () => {
  it('is read with its types, flags and sha256 sums', () => {
    expect(whole(LIST)).toEqual(EXPECTED);
  });

  it('is the same in whatever pieces it comes', () => {
    const all = bytes(LIST);
    fc.assert(
      fc.property(fc.array(fc.nat(all.length), { maxLength: 20 }), (cuts) => {
        const places = [0, ...cuts.sort((left, right) => left - right), all.length];
        expect(read(places.slice(1).map((end, index) => all.slice(places[index], end)))).toEqual(EXPECTED);
      }),
    );
  });

  it('is partial wherever it is cut before [End]', () => {
    const all = bytes(LIST);
    for (let length = 0; length < all.length - 1; length += 1) {
      try {
        expect(read([all.slice(0, length)]).end.kind).toBe('partial');
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    }
    expect(read([all.slice(0, -1)]).end.kind).toBe('complete');
  });

  it('reads names that are no UTF-8 as Latin-1', () => {
    const line = Buffer.concat([bytes('[Version]\n2\n[Files]\n1\tf\t1\tcaf'), Buffer.from([0xe9]), bytes('\n[End]\n')]);
    expect(read([new Uint8Array(line)]).entries.map(({ path }) => path)).toEqual(['café']);
  });

  const files = (...lines: string[]): string => `[Version]\n2\n\n[Files]\n${lines.join('\n')}\n[End]\n`;
  it.each([
    ['an HTML page', '<html>\n'],
    ['another version', '[Version]\n3\n'],
    ['no version', '[Files]\n1\tf\t1\ta\n[End]\n'],
    ['a line with too few fields', files('1\tf\ta')],
    ['an unknown type', files('1\tx\t1\ta')],
    ['a negative size', files('1\tf\t-1\ta')],
    ['a time beyond all numbers', files(`${'9'.repeat(30)}\tf\t1\ta`)],
    ['an absolute path', files('1\tf\t1\t/etc/passwd')],
    ['a path that climbs', files('1\tf\t1\ta/../../b')],
    ['a path with NUL', files('1\tf\t1\ta\0b')],
    ['something after the end', `${files('1\tf\t1\ta')}more\n`],
    ['a section after the end', `${files('1\tf\t1\ta')}[Files]\n`],
    ['a checksum that is none', '[Version]\n2\n[Checksums SHA256]\nabc\ta\n[End]\n'],
    ['an endless line', `[Version]\n2\n[Files]\n${'a'.repeat(10_000)}`],
  ])('with %s is refused', (_, text) => {
    expect(() => whole(text)).toThrow(WireError);
  });

  it('with more entries than allowed is refused', () => {
    const text = bytes(files('1\tf\t1\ta', '1\tf\t1\tb', '1\tf\t1\tc'));
    expect(() => read([text], { ...FILE_TIME_LIST_LIMITS, maxEntries: 2 })).toThrow(WireError);
  });

  it('is refused with WireError or read, whatever is changed in it', () => {
    const good = bytes(LIST);
    const change = fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const copy = good.slice();
        for (const [at, value] of changes) copy[at] = value;
        try {
          for (const { path } of read([copy]).entries) expect(path.split('/')).not.toContain('..');
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
