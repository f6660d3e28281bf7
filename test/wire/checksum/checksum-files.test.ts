import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nodeDecompress } from '#adapters/node/node-decompress.ts';
import { nodeDigester } from '#adapters/node/node-digester.ts';
import { checksumProblems } from '#domain/volume/validate/checksum-files.ts';
import { checksumDocuments } from '#wire/checksum/checksum-documents.ts';
import { treeOfFiles } from '../../support/directory-tree.ts';

const digest = (text: string, kind = 'sha256'): string => createHash(kind).update(text).digest('hex');
const problems = (files: Record<string, string>) => {
  const tree = treeOfFiles(new Map(Object.entries(files).map(([path, text]) => [path, new Uint8Array(Buffer.from(text))])));
  return checksumProblems(tree, checksumDocuments(tree, { decompress: nodeDecompress, digester: nodeDigester }));
};
const [A, B] = [digest('a'), digest('b')];
const OTHER = '0'.repeat(64);

describe('lists of checksums in a release', () => {
  it.each<[string, Record<string, string>]>([
    ['there are none', { a: 'a' }],
    ['one names all files of its folder', { 'x/a': 'a', 'x/b': 'b', 'x/SHA256SUMS': `${A}  a\n${B} *b\n` }],
    ['a file of the folder has the name of one at the root', { 'x/a': 'a', a: 'b', 'x/SHA256SUMS': `${A}  a\n` }],
    ['one names files from the root', { 'x/a': 'a', 'x/SHA256SUMS': `${A}  x/a\n` }],
    ['a file has its own', { 'a.tar': 'a', 'a.tar.sha256': `${A}\n`, b: 'b', 'b.sha256sum': `${B}  b\n` }],
    ['they are of SHA-512', { a: 'a', SHA512SUMS: `${digest('a', 'sha512')}  a\n`, 'a.sha512': digest('a', 'sha512') }],
    ['Fedora wrote one', { 'a.iso': 'a', 'Fedora-41-CHECKSUM': `# a.iso: 1 bytes\nSHA256 (a.iso) = ${A}\n` }],
    ['they are of MD5, which nobody trusts', { a: 'a', MD5SUMS: 'hello', 'a.sha256': `${digest('b', 'md5')}  a\n` }],
  ])('are good when %s', async (_, files) => {
    expect(await problems(files)).toEqual([]);
  });

  it.each<[string, Record<string, string>, readonly { path: string; message: string }[]]>([
    [
      'a file is another',
      { 'x/a': 'a', 'x/SHA256SUMS': `${OTHER}  a\n` },
      [{ path: 'x/a', message: `is sha256-${A}, but x/SHA256SUMS says sha256-${OTHER}` }],
    ],
    [
      'a file is another by SHA-512',
      { a: 'a', 'a.sha512': digest('b', 'sha512') },
      [{ path: 'a', message: `is sha512-${digest('a', 'sha512')}, but a.sha512 says sha512-${digest('b', 'sha512')}` }],
    ],
    [
      'files are missing',
      { SHA256SUMS: `${A}  a\n${B}  b\n`, 'c.sha256': A },
      [
        { path: 'a', message: 'is not in the release, but SHA256SUMS names it' },
        { path: 'b', message: 'is not in the release, but SHA256SUMS names it' },
        { path: 'c', message: 'is not in the release, but c.sha256 names it' },
      ],
    ],
    [
      'a path leads out',
      { SHA256SUMS: `${A}  ../a\n` },
      [{ path: 'SHA256SUMS', message: 'names a path out of its folder: "../a"' }],
    ],
    ['a checksum is of nothing', { SHA256SUMS: `${A}\n` }, [{ path: 'SHA256SUMS', message: `has a checksum of no file: ${A}` }]],
    ['one is empty', { 'a.sha256': '', a: 'a' }, [{ path: 'a.sha256', message: 'has no checksums' }]],
    [
      'one is a web page',
      { 'a.sha256': '<html>', a: 'a' },
      [{ path: 'a.sha256', message: 'is no list of checksums: a line is no checksum: "<html>"' }],
    ],
    [
      'one is named for another kind',
      { 'a.sha512': A, a: 'a' },
      [{ path: 'a.sha512', message: 'is named for sha512, but has sha256' }],
    ],
  ])('are bad when %s', async (_, files, expected) => {
    expect(await problems(files)).toEqual(expected);
  });
});
