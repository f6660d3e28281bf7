import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeDecompress } from '#adapters/node/node-decompress.ts';
import { nodeDigester } from '#adapters/node/node-digester.ts';
import { WireError } from '#domain/errors.ts';
import type { VolumeType } from '#domain/volume/volume.ts';
import { type Paragraph, ParagraphScanner } from '#wire/apt/paragraph-scanner.ts';
import { parseAptRelease } from '#wire/apt/parse-apt-release.ts';
import { listChecksums } from '#wire/checksum/list-checksums.ts';
import { parseSimpleJson } from '#wire/pypi/parse-simple-json.ts';
import { parseSimplePage } from '#wire/pypi/parse-simple-page.ts';
import { parseRpmIndexes } from '#wire/rpm/parse-rpm-indexes.ts';
import { volumeValidator } from '#wire/volume/volume-validator.ts';
import { parseHeaderFields } from '#wire/wheel/parse-header-fields.ts';
import { parseWheelRecord } from '#wire/wheel/parse-wheel-record.ts';
import { readZipDirectory } from '#wire/wheel/zip-directory.ts';
import { type XmlAttributes, XmlScanner } from '#wire/xml/xml-scanner.ts';
import { addAptPackages, addRpmPackages } from '../../support/build-repositories.ts';
import { buildWheel } from '../../support/build-wheel.ts';
import { filesBelow, treeOfFiles } from '../../support/directory-tree.ts';

const PORTS = { decompress: nodeDecompress, digester: nodeDigester };
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const validate = (type: VolumeType, files: ReadonlyMap<string, Uint8Array>) =>
  volumeValidator({ type, mount: 'here' }, PORTS)(treeOfFiles(files));

/** Only this may come out of a parser, whatever goes in. */
const orWireError = (parse: () => unknown): void => {
  try {
    parse();
  } catch (fault) {
    if (!(fault instanceof WireError)) throw fault;
  }
};

const WORDS = [
  '<a>',
  '</a>',
  '<a b="c',
  '"',
  "'",
  '/>',
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  '<?',
  '?>',
  '&amp;',
  '&#x41;',
  '&x;',
  '\n',
  ' ',
  ':',
  'SHA256:',
  ' 00 1 a\n',
  'Filename: b\n',
  ',',
  'sha256=AAAA',
];
const garbage = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.string({ unit: fc.constantFrom(...WORDS, 'x', 'ä'), maxLength: 60 }).map(bytes),
);

describe('parsers of what is in a release', () => {
  it('throw nothing but WireError, whatever they are given', () => {
    const parsers: readonly ((input: Uint8Array) => unknown)[] = [
      parseRpmIndexes,
      parseAptRelease,
      (input) => parseHeaderFields(input, 'METADATA'),
      parseWheelRecord,
      (input) => parseSimplePage(new Uint8Array([...bytes('<!DOCTYPE html>'), ...input]), 'here', 'simple/a/index.html'),
      (input) => parseSimpleJson(input, 'here', 'simple/a/index.v1_json'),
      (input) => listChecksums(Buffer.from(input).toString('latin1')),
    ];
    fc.assert(
      fc.property(garbage, (input) => {
        for (const parse of parsers) orWireError(() => parse(input));
      }),
      { numRuns: 3_000 },
    );
  });

  it('find no directory of a zip in garbage, also in what ends like one', async () => {
    const end = (entries: number, length: number, offset: number): Uint8Array => {
      const record = Buffer.alloc(22);
      record.writeUInt32LE(0x0605_4b50, 0);
      record.writeUInt16LE(entries, 10);
      record.writeUInt32LE(length, 12);
      record.writeUInt32LE(offset, 16);
      return new Uint8Array(record);
    };
    const count = fc.nat({ max: 400 });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), count, count, fc.boolean(), async (input, entries, offset, ended) => {
        const file = ended ? new Uint8Array([...input, ...end(entries, Math.max(input.length - offset, 0), offset)]) : input;
        const access = { sizeBytes: file.length, read: async (at: number, length: number) => file.subarray(at, at + length) };
        try {
          expect((await readZipDirectory(access)).length).toBe(0);
        } catch (fault) {
          expect(fault).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('read XML alike, wherever it is cut into pieces', () => {
    const events = (pieces: readonly string[]): readonly string[] => {
      const found: string[] = [];
      const scanner = new XmlScanner('it', {
        open: (name, attributes: XmlAttributes, depth) => found.push(`<${name} ${attributes('b') ?? ''} ${depth}`),
        close: (name, text, depth) => found.push(`>${name} ${text} ${depth}`),
      });
      try {
        for (const piece of pieces) scanner.push(piece);
        scanner.end();
      } catch (fault) {
        if (!(fault instanceof WireError)) throw fault;
        found.push(fault.message);
      }
      return found;
    };
    const good = `<?xml version="1.0"?>\n<r:a b='x > "y"'><!-- <c> --><b b="1 &amp; 2">t&#x41;&lt;<![CDATA[<z>&amp;]]></b><c/></r:a>`;
    expect(events([good])).toEqual(['<a x > "y" 1', '<b 1 & 2 2', '>b tA<<z>&amp; 2', '<c  2', '>c  2', '>a  1']);
    const text = fc.oneof(fc.constant(good), fc.string({ unit: fc.constantFrom(...WORDS, 'x'), maxLength: 40 }));
    fc.assert(
      fc.property(text, fc.array(fc.nat({ max: 200 }), { maxLength: 8 }), (document, cuts) => {
        const places = [0, ...cuts.map((cut) => Math.min(cut, document.length)), document.length].toSorted(
          (one, other) => one - other,
        );
        const pieces = places.slice(1).map((place, at) => document.slice(places[at], place));
        expect(events(pieces)).toEqual(events([document]));
      }),
      { numRuns: 3_000 },
    );
  });

  it('read paragraphs alike, wherever they are cut into pieces', () => {
    const paragraphs = (pieces: readonly string[]): unknown => {
      const scanner = new ParagraphScanner(['filename', 'size']);
      const found: Paragraph[] = [];
      try {
        for (const piece of pieces) found.push(...scanner.push(piece));
        found.push(...scanner.end());
      } catch (fault) {
        if (!(fault instanceof WireError)) throw fault;
        return fault.message;
      }
      return found.map((paragraph) => [...paragraph]);
    };
    expect(paragraphs(['Filename: a\nOther: b\n more\nSize: 7\n\n\nSize: 8\n 9'])).toEqual([
      [
        ['filename', 'a'],
        ['size', '7'],
      ],
      [['size', '8\n9']],
    ]);
    const text = fc.string({
      unit: fc.constantFrom('Filename: a\n', 'Size: 1\n', ' more\n', '\n', 'x', ':', 'Other: y\n'),
      maxLength: 40,
    });
    fc.assert(
      fc.property(text, fc.nat({ max: 60 }), fc.nat({ max: 60 }), (document, one, other) => {
        const [first, second] = one < other ? [one, other] : [other, one];
        expect(paragraphs([document.slice(0, first), document.slice(first, second), document.slice(second)])).toEqual(
          paragraphs([document]),
        );
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('validators of real repositories in which bytes were changed', () => {
  let folder: string;
  const built = new Map<VolumeType, Map<string, Uint8Array>>();
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mirrortide-fuzz-'));
    await addRpmPackages(join(folder, 'rpm'), [{ name: 'hat', version: '1' }]);
    await addAptPackages(join(folder, 'apt'), { suite: 'stable', architectures: ['amd64'] }, [{ name: 'hat', version: '1' }]);
    for (const type of ['rpm', 'apt'] as const) built.set(type, await filesBelow(join(folder, type)));
    const wheel = { project: 'hat', version: '1', extra: { 'hat/more.py': 'text '.repeat(200) } };
    const index: [string, Uint8Array] = ['index.html', new Uint8Array()];
    built.set('wheel', new Map([['hat-1-py3-none-any.whl', await buildWheel(wheel)], index]));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const change = fc.record({
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    to: fc.nat({ max: 255 }),
    length: fc.nat({ max: 40 }),
  });
  const changed = (content: Uint8Array, { at, to, length }: { at: number; to: number; length: number }): Uint8Array =>
    content.slice().fill(to, Math.floor(at * content.length), Math.floor(at * content.length) + length);

  it.each<[VolumeType, RegExp]>([
    ['rpm', /^repodata\/(?:repomd|.*-primary)/],
    ['apt', /^dists\/stable\/(?:Release|main\/binary-amd64\/Packages(?:\.gz)?)$/],
    ['wheel', /whl$/],
  ])('never throw for %s, and find what a package lost', async (type, edited) => {
    const original = built.get(type) ?? new Map<string, Uint8Array>();
    expect(await validate(type, original)).toEqual([]);
    const paths = [...original.keys()].filter((path) => edited.test(path));
    expect(paths.length).toBeGreaterThan(0);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), fc.array(change, { minLength: 1, maxLength: 3 }), async (path, changes) => {
        const content = changes.reduce(changed, original.get(path) ?? new Uint8Array());
        const problems = await validate(type, new Map(original).set(path, content));
        for (const problem of problems) expect([typeof problem.path, problem.message === '']).toEqual(['string', false]);
      }),
      { numRuns: 400 },
    );
    const packages = [...original.keys()].filter((path) => /\.(?:rpm|deb)$/.test(path));
    for (const path of packages) {
      const files = new Map(original);
      files.delete(path);
      expect((await validate(type, files)).map((problem) => problem.path)).toEqual([path]);
    }
  });

  it('never throw for indexes whose unpacked text was changed', async () => {
    const original = built.get('rpm') ?? new Map<string, Uint8Array>();
    const primary = [...original.keys()].find((path) => path.endsWith('-primary.xml.gz')) ?? '';
    const open = new Uint8Array(gunzipSync(original.get(primary) ?? new Uint8Array()));
    // Without digests, or the change would be all that is found.
    const repomd = bytes(`<repomd><data type="primary"><location href="${primary}"/></data></repomd>`);
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const content = new Uint8Array(gzipSync(changes.reduce(changed, open)));
        const problems = await validate('rpm', new Map(original).set(primary, content).set('repodata/repomd.xml', repomd));
        expect(problems.every(({ message }) => message !== '')).toBe(true);
      }),
      { numRuns: 400 },
    );
  });
});
