import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '#domain/errors.ts';
import { parseRepomd } from '#wire/repomd.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
// As createrepo_c 0.17 writes it, shortened.
const REAL = `<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo" xmlns:rpm="http://linux.duke.edu/metadata/rpm">
  <revision>1795233287</revision>
  <tags><distro cpeid="cpe:/o:fedoraproject:fedora:41">r</distro></tags>
  <data type="primary">
    <checksum type="sha256">dd9b3a6b5bbc48bea54335d385d81b35ff2e19e016cf4d1334a505ffe6fd02a9</checksum>
    <location href="repodata/dd9b-primary.xml.gz"/>
    <timestamp>1795233287</timestamp>
    <size>628</size>
  </data>
  <data type="filelists">
    <location href="repodata/cbaa-filelists.xml.gz"/>
    <timestamp>1795233289</timestamp>
  </data>
</repomd>
`;

describe('repomd.xml', () => {
  it('is read for the largest timestamp of its data elements', () => {
    expect(parseRepomd(bytes(REAL))).toEqual({ timestampSeconds: 1795233289, dataTypes: ['primary', 'filelists'] });
  });

  it.each([
    [
      'fractions, as the old createrepo wrote them',
      '<repomd><data type="a"><timestamp>1358443832.83</timestamp></data></repomd>',
      1358443832,
    ],
    ['prefixed names', '<r:repomd xmlns:r="x"><r:data type="a"><r:timestamp>7</r:timestamp></r:data></r:repomd>', 7],
    ['no timestamp at all', '<repomd><data type="a"/></repomd>', 0],
    [
      'a commented timestamp',
      '<repomd><data type="a"><!-- <timestamp>9</timestamp> --><timestamp>5</timestamp></data></repomd>',
      5,
    ],
  ])('may have %s', (_, text, timestampSeconds) => {
    expect(parseRepomd(bytes(text)).timestampSeconds).toBe(timestampSeconds);
  });

  it.each([
    ['empty', ''],
    ['an HTML page', '<html><body><h1>404</h1></body></html>'],
    ['without data', '<repomd></repomd>'],
    ['cut off', REAL.slice(0, -20)],
    ['with a document type', `<!DOCTYPE repomd [<!ENTITY a "b">]>${REAL.slice(39)}`],
    ['with a timestamp that is no number', '<repomd><data type="a"><timestamp>soon</timestamp></data></repomd>'],
    [
      'with a timestamp of a thousand digits',
      `<repomd><data type="a"><timestamp>${'9'.repeat(1_000)}</timestamp></data></repomd>`,
    ],
    ['with data of no type', '<repomd><data><timestamp>1</timestamp></data></repomd>'],
    ['with endless data', `<repomd>${'<data type="a"/>'.repeat(2_000)}</repomd>`],
    ['nested without end', `${'<a>'.repeat(50_000)}${'</a>'.repeat(50_000)}`],
    ['too large', ' '.repeat(3_000_000)],
  ])('%s is refused', (_, text) => {
    expect(() => parseRepomd(bytes(text))).toThrow(WireError);
  });

  it('is refused with WireError or read, whatever is changed in it', () => {
    const good = bytes(REAL);
    const change = fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), fc.nat(good.length), (changes, length) => {
        const copy = good.slice(0, length);
        for (const [at, value] of changes) if (at < length) copy[at] = value;
        try {
          expect(parseRepomd(copy).timestampSeconds).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
