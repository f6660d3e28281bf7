import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChosenDigest } from '#domain/artefact/choose-digest.ts';
import { digestOfEntityTag, parseChecksumValue, parseReprDigest } from '#wire/checksum/checksum-value.ts';
import { parseChecksums } from '#wire/checksum/parse-checksums.ts';

const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';
const SHA1 = 'da39a3ee5e6b4b0d3255bfef95601890afd80709';
const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const LONG = 'c'.repeat(128);
const BASE64 = Buffer.from(A, 'hex').toString('base64');
const LONG64 = Buffer.from(LONG, 'hex').toString('base64');
const NAME = 'venv-1.0.tgz';

const parsed = (text: string, allowWeak = false, name = NAME): ChosenDigest => parseChecksums(text, { name, allowWeak });
const told = (answer: ChosenDigest): string =>
  answer.kind === 'digest' ? `${answer.digest.algorithm}:${answer.digest.hex}` : answer.problem;

const signed = (body: string): string =>
  `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${body}\n-----BEGIN PGP SIGNATURE-----\n\niQIzBAEBCAAdFiEE\n-----END PGP SIGNATURE-----\n`;

describe('a list of checksums', () => {
  it.each([
    ['bare', `${A}\n`, `sha256:${A}`],
    ['bare without a line end', A, `sha256:${A}`],
    ['bare, SHA-512', LONG, `sha512:${LONG}`],
    ['bare, SHA-384', 'd'.repeat(96), `sha384:${'d'.repeat(96)}`],
    ['bare, in upper case, from Windows', `${A.toUpperCase()}\r\n`, `sha256:${A}`],
    ['GNU', `${A}  ${NAME}\n`, `sha256:${A}`],
    ['GNU, binary', `${A} *${NAME}\n`, `sha256:${A}`],
    ['GNU, from Windows', `${A}  ${NAME}\r\n`, `sha256:${A}`],
    ['GNU, with ./', `${A}  ./${NAME}\n`, `sha256:${A}`],
    ['GNU, with ././', `${A}  ././${NAME}\n`, `sha256:${A}`],
    ['GNU, of standard input', `${A}  -\n`, `sha256:${A}`],
    ['SUMS of several files', `${B}  other.tgz\n${A}  ${NAME}\n${B} *third\n`, `sha256:${A}`],
    ['SUMS with comments and blank lines', `# of today\n\n${A}  ${NAME}\n`, `sha256:${A}`],
    ['the same twice', `${A}  ${NAME}\n${A}  ./${NAME}\n`, `sha256:${A}`],
    ['BSD', `SHA256 (${NAME}) = ${A}\n`, `sha256:${A}`],
    [
      'BSD, several algorithms',
      `MD5 (${NAME}) = ${MD5}\nSHA256 (${NAME}) = ${A}\nSHA512 (${NAME}) = ${LONG}\n`,
      `sha512:${LONG}`,
    ],
    ['BSD, beside an algorithm that nobody can check', `BLAKE2b (${NAME}) = ${LONG}\nSHA256 (${NAME}) = ${A}\n`, `sha256:${A}`],
    ['OpenSSL', `SHA2-256(${NAME})= ${A}\n`, `sha256:${A}`],
    ['older OpenSSL', `SHA256(${NAME})= ${A}\n`, `sha256:${A}`],
    ['Fedora', signed(`# ${NAME}: 123 bytes\nSHA256 (${NAME}) = ${A}\nSHA256 (other) = ${B}`), `sha256:${A}`],
    ['Fedora, from Windows', signed(`SHA256 (${NAME}) = ${A}`).replaceAll('\n', '\r\n'), `sha256:${A}`],
    ['signed, with an escaped line', signed(`- # ${NAME}\n${A}  ${NAME}`), `sha256:${A}`],
    ['PEP 503', `#sha256=${A}`, `sha256:${A}`],
    ['PEP 503 without the #', `sha256=${A}`, `sha256:${A}`],
    ['with a colon', `sha256:${A}\n`, `sha256:${A}`],
    ['our entity tag without quotes', `sha256-${A}`, `sha256:${A}`],
    ['subresource integrity', `sha256-${BASE64}\n`, `sha256:${A}`],
    ['subresource integrity, several', `sha256-${BASE64} sha512-${LONG64}`, `sha512:${LONG}`],
    ['Repr-Digest', `sha-256=:${BASE64}:`, `sha256:${A}`],
    ['Repr-Digest, several', `md5=:${Buffer.from(MD5, 'hex').toString('base64')}:, sha-512=:${LONG64}:`, `sha512:${LONG}`],
    ['JSON', JSON.stringify({ name: NAME, hashes: { sha256: A } }), `sha256:${A}`],
    ['JSON without a name', JSON.stringify({ hashes: { sha256: A, sha512: LONG, md5: MD5 } }), `sha512:${LONG}`],
    [
      'an index of Python packages',
      JSON.stringify({
        files: [
          { filename: 'x', hashes: { sha256: B } },
          { filename: NAME, url: 'y', hashes: { sha256: A } },
        ],
      }),
      `sha256:${A}`,
    ],
    ['empty', '', 'empty'],
    ['only blank lines', '\n \r\n', 'empty'],
    ['only comments', '# nothing\n', 'empty'],
    ['a web page', '<!DOCTYPE html><html>', 'markup'],
    ['a web page after blank lines', '\n\n  <html>', 'markup'],
    ['a web page that has the digest', `<a href="${NAME}#sha256=${A}">${NAME}</a>`, 'markup'],
    ['an error in words', 'File not found\n', 'unreadable'],
    ['a line that is none', `${A}  ${NAME}\nnot found\n`, 'unreadable'],
    ['binary', `${A}\0`, 'unreadable'],
    ['hexadecimal of a wrong length', `${A}a  ${NAME}\n`, 'unreadable'],
    ['a tag of a wrong length', `SHA512 (${NAME}) = ${A}\n`, 'unreadable'],
    ['one blank between', `${A} ${NAME}\n`, 'unreadable'],
    ['another file', `${A}  other.tgz\n`, 'other_file'],
    ['a file that ends alike', `${A}  x-${NAME}\n`, 'other_file'],
    ['a file of the same name elsewhere', `${A}  old/${NAME}\n`, 'other_file'],
    ['another case', `${A}  ${NAME.toUpperCase()}\n`, 'other_file'],
    ['another file, BSD', `SHA256 (other) = ${A}\n`, 'other_file'],
    ['another file, JSON', JSON.stringify({ name: 'other', hashes: { sha256: A } }), 'other_file'],
    ['two that differ', `${A}  ${NAME}\n${B}  ${NAME}\n`, 'conflict'],
    [
      'two that differ in the weaker algorithm',
      `SHA256 (${NAME}) = ${A}\nSHA256 (${NAME}) = ${B}\nSHA512 (${NAME}) = ${LONG}\n`,
      'conflict',
    ],
    ['two integrities that differ', `sha256-${BASE64} sha256-${Buffer.from(B, 'hex').toString('base64')}`, 'conflict'],
    ['a bare one beside others', `${A}\n${A}  ${NAME}\n`, 'conflict'],
    ['two bare ones', `${A}\n${B}\n`, 'conflict'],
    ['MD5', `${MD5}  ${NAME}\n`, 'weak'],
    ['SHA-1, bare as the old venvs had it', `${SHA1}\n`, 'weak'],
    ['JSON of another kind', '{"error": "not found"}', 'unreadable'],
    ['JSON with a digest that is none', JSON.stringify({ hashes: { sha256: 'x' } }), 'unreadable'],
    ['a cut signature', signed(`${A}  ${NAME}`).slice(0, -30), 'unreadable'],
    ['text before a signature', `${B}  ${NAME}\n${signed(`${A}  ${NAME}`)}`, 'unreadable'],
    ['text after a signature', `${signed(`${A}  ${NAME}`)}${B}  ${NAME}\n`, 'unreadable'],
    ['a checksum in the headers of a signature', signed(`${A}  ${NAME}`).replace('Hash: SHA256', `${B}  ${NAME}`), 'unreadable'],
    ['integrity that is not canonical', `sha256-${BASE64.slice(0, -1)}`, 'unreadable'],
    ['an escape that does not exist', `\\${A}  a\\tb\n`, 'unreadable'],
  ])('%s', (_, text, expected) => {
    expect(told(parsed(text))).toBe(expected);
  });

  it.each([
    [`${MD5}  ${NAME}\n`, `md5:${MD5}`],
    [`${SHA1}\n`, `sha1:${SHA1}`],
    [`${SHA1}  ${NAME}\n${A}  ${NAME}\n`, `sha256:${A}`],
  ])('with weak ones, when the operator says so: %j', (text, expected) => {
    expect(told(parsed(text, true))).toBe(expected);
  });

  it.each([
    ['\\', 'a\\\\b', 'a\\b'],
    ['\\', 'a\\nb', 'a\nb'],
    ['\\', 'a\\rb', 'a\rb'],
    ['', 'a\\nb', 'a\\nb'],
  ])('escapes names only after a backslash: %j %j', (mark, written, name) => {
    expect(told(parsed(`${mark}${A}  ${written}\n`, false, name))).toBe(`sha256:${A}`);
    expect(told(parsed(`${mark}SHA256 (${written}) = ${A}\n`, false, name))).toBe(`sha256:${A}`);
  });
});

const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
const fileName = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 30 })
  .filter((name) => !/[\0/\n\r]/.test(name) && name !== '-' && name !== '.' && !name.startsWith('./') && name.isWellFormed());
const line = fc.record({ name: fileName, digest: hex, style: fc.constantFrom('gnu', 'binary', 'dot', 'bsd', 'upper') });
const written = ({ name, digest, style }: { name: string; digest: string; style: string }): string => {
  if (style === 'bsd') return `SHA256 (${name}) = ${digest}`;
  const shown = style === 'dot' ? `./${name}` : name;
  return `${style === 'upper' ? digest.toUpperCase() : digest} ${style === 'binary' ? '*' : ' '}${shown}`;
};

describe('any list', () => {
  it('gives each of its files its own digest, whatever the style, the order and the line ends', () => {
    fc.assert(
      fc.property(fc.uniqueArray(line, { minLength: 1, selector: ({ name }) => name }), fc.boolean(), (lines, windows) => {
        const text = lines.map(written).join(windows ? '\r\n' : '\n');
        for (const { name, digest } of lines) expect(told(parsed(text, false, name))).toBe(`sha256:${digest}`);
      }),
      { numRuns: 200 },
    );
  });

  it('never gives a digest that does not stand in it, and never throws', () => {
    const piece = fc.oneof(
      fc.string(),
      line.map(written),
      fc.constantFrom(A, '-----BEGIN PGP SIGNED MESSAGE-----', '<', '{', '\r\n', '\\', NAME),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join('\n');
        const answer = parsed(text);
        if (answer.kind === 'digest') expect(text.toLowerCase()).toContain(answer.digest.hex);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a value', () => {
  it.each([
    ['', undefined],
    ['sha256', undefined],
    [`sha256-${BASE64}?ct=application/gzip`, [{ algorithm: 'sha256', hex: A }]],
    [`sha999=${A}`, undefined],
    [`sha512=${A}`, undefined],
  ])('%j', (text, expected) => {
    expect(parseChecksumValue(text)).toEqual(expected);
  });

  it.each([
    [`sha-256=:${BASE64}:;x=1`, [{ algorithm: 'sha256', hex: A }]],
    [`unixsum=:MzAz:, sha-256=:${BASE64}:`, [{ algorithm: 'sha256', hex: A }]],
    ['unixsum=:MzAz:', undefined],
    [`sha-256=${BASE64}`, undefined],
    [`sha-256=:${BASE64}`, undefined],
    ['sha-256=:AAAA:', undefined],
    ['', undefined],
  ])('of Repr-Digest: %j', (text, expected) => {
    expect(parseReprDigest(text)).toEqual(expected);
  });

  it('is an entity tag only if it is ours, strong and whole', () => {
    expect(digestOfEntityTag(`"sha256-${A}"`)).toEqual({ algorithm: 'sha256', hex: A });
    for (const tag of [undefined, `W/"sha256-${A}"`, `"${A}"`, `"${MD5}"`, `"md5-${MD5}"`, `"sha256-${A}-gzip"`, `"sha512-${A}"`])
      expect(digestOfEntityTag(tag), tag).toBeUndefined();
  });
});

describe('what coreutils print', () => {
  const names = [
    'plain.tgz',
    'with blank',
    'back\\slash',
    'line\nfeed',
    'carriage\rreturn',
    '*star',
    ' lead',
    'ümlaut',
    'a) = b',
    '#hash',
  ];
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mirrortide-sums-'));
    for (const name of names) writeFileSync(join(folder, name), `content of ${name}`);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['sha256sum', 'sha256', []],
    ['sha512sum', 'sha512', []],
    ['sha384sum', 'sha384', []],
    ['sha1sum', 'sha1', []],
    ['md5sum', 'md5', []],
    ['sha256sum', 'sha256', ['--binary']],
    ['sha256sum', 'sha256', ['--tag']],
    ['sha512sum', 'sha512', ['--tag']],
  ])('is read as they check it: %s %s %j', (program, algorithm, flags) => {
    const sums = execFileSync(program, [...flags, '--', ...names], { cwd: folder, encoding: 'utf8' });
    writeFileSync(join(folder, 'SUMS'), sums);
    expect(spawnSync(program, ['--check', '--strict', '--status', 'SUMS'], { cwd: folder }).status).toBe(0);
    for (const name of names) {
      const wanted = createHash(algorithm).update(`content of ${name}`).digest('hex');
      expect(told(parsed(sums, true, name)), name).toBe(`${algorithm}:${wanted}`);
    }
  });

  it('is refused where their own check fails', () => {
    const sums = execFileSync('sha256sum', ['plain.tgz'], { cwd: folder, encoding: 'utf8' });
    for (const broken of [sums.slice(1), sums.replace('  ', ' '), `x${sums}`, sums.replace(/^./, 'g')]) {
      const checked = spawnSync('sha256sum', ['--check', '--strict', '--status'], { cwd: folder, input: broken });
      const answer = parsed(broken, false, 'plain.tgz');
      if (checked.status !== 0) expect(answer.kind, broken).toBe('refused');
    }
  });
});
