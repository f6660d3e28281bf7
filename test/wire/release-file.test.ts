import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '#domain/errors.ts';
import { parseReleaseFile } from '#wire/release-file.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const RELEASE = `Origin: Debian
Label: Debian
Suite: stable
Version: 12.8
Codename: bookworm
Changelogs: https://metadata.ftp-master.debian.org/changelogs/@CHANGEPATH@_changelog
Date: Sat, 09 Nov 2024 09:45:25 UTC
Acquire-By-Hash: yes
No-Support-for-Architecture-all: Packages
Architectures: all amd64 arm64 armel
Components: main contrib non-free-firmware non-free
Description: Debian 12.8 Released 09 November 2024
MD5Sum:
 8b49ef2ad2d6cd37aa83b4a6c3fb5a2f  1484322 contrib/Contents-all
SHA256:
 d55f7506f0ca557cebef55f02f87ab0278dab2c56b6202f6249fec843471a2b3      474 main/binary-amd64/Packages
`;
const PARSED = {
  timestampSeconds: Date.UTC(2024, 10, 9, 9, 45, 25) / 1_000,
  suite: 'stable',
  codename: 'bookworm',
  architectures: ['all', 'amd64', 'arm64', 'armel'],
  components: ['main', 'contrib', 'non-free-firmware', 'non-free'],
};
const SIGNED = `-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

- ${'Comment: -'}
${RELEASE}-----BEGIN PGP SIGNATURE-----

iQIzBAEBCAAdFiEE
-----END PGP SIGNATURE-----
`;

describe('a Release file', () => {
  it('is read plain and signed inside, with Unix and with DOS line ends', () => {
    expect(parseReleaseFile(bytes(RELEASE))).toEqual(PARSED);
    expect(parseReleaseFile(bytes(SIGNED))).toEqual(PARSED);
    expect(parseReleaseFile(bytes(SIGNED.replaceAll('\n', '\r\n')))).toEqual(PARSED);
  });

  it.each([
    ['Sat, 21 Nov 2026 03:54:48 +0000', Date.UTC(2026, 10, 21, 3, 54, 48)],
    ['Sat, 21 Nov 2026 03:54:48 +0530', Date.UTC(2026, 10, 20, 22, 24, 48)],
    ['1 Jan 2020 00:00:00 GMT', Date.UTC(2020, 0, 1)],
    ['Fri,  5 Jul 2024 20:01:02 -0100', Date.UTC(2024, 6, 5, 21, 1, 2)],
  ])('of %s is dated', (date, epochMs) => {
    expect(parseReleaseFile(bytes(RELEASE.replace(/^Date: .*$/m, `Date: ${date}`))).timestampSeconds).toBe(epochMs / 1_000);
  });

  it('may lack what private repositories leave out', () => {
    expect(parseReleaseFile(bytes('MD5Sum:\n a 1 b\n'))).toEqual({
      timestampSeconds: 0,
      suite: '',
      codename: '',
      architectures: [],
      components: [],
    });
  });

  it.each([
    ['empty', ''],
    ['an HTML page', '<html><body>Not found</body></html>'],
    ['without checksums', 'Suite: stable\n'],
    ['with a date nobody can read', RELEASE.replace(/^Date: .*$/m, 'Date: yesterday')],
    ['with an architecture that is a path', RELEASE.replace('armel', '../x')],
    ['signed and cut off', SIGNED.slice(0, 300)],
    ['not UTF-8', 'Suite: \u00ff'],
    ['with a thousand architectures', RELEASE.replace('armel', 'a '.repeat(1_000))],
  ])('%s is refused', (what, text) => {
    expect(() => parseReleaseFile(what === 'not UTF-8' ? new Uint8Array(Buffer.from(text, 'latin1')) : bytes(text))).toThrow(
      WireError,
    );
  });

  it('is refused with WireError or read, whatever is changed in it', () => {
    const good = bytes(SIGNED);
    const change = fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), fc.nat(good.length), (changes, length) => {
        const copy = good.slice(0, length);
        for (const [at, value] of changes) if (at < length) copy[at] = value;
        try {
          expect(parseReleaseFile(copy).timestampSeconds).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
