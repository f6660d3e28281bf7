import { expect, it } from 'vitest';
import { byHashPath, entryByHash, suitesAbove } from '#domain/content/by-hash.ts';
import type { TreeEntry } from '#domain/volume/tree.ts';
import { hashOf } from '../../support/tree-arbitrary.ts';

const entry = (path: string, content: string): TreeEntry => ({ path, sha256: hashOf(content), sizeBytes: 1, mode: 'file' });
const FOLDER = 'dists/stable/main/binary-amd64/';
const LONG = `${hashOf('one')}${hashOf('other')}`;
const ENTRIES = [
  entry('dists/stable/Release', 'release'),
  entry(`${FOLDER}Packages`, 'packages'),
  entry(`${FOLDER}Packages.gz`, 'packed'),
  entry(`${FOLDER}deeper/Packages`, 'other packages'),
];

it.each([
  [`${FOLDER}by-hash/SHA256/${hashOf('packed')}`, { folder: FOLDER, algorithm: 'sha256', hex: hashOf('packed') }],
  [`by-hash/SHA256/${hashOf('packed')}`, { folder: '', algorithm: 'sha256', hex: hashOf('packed') }],
  [`${FOLDER}by-hash/SHA512/${LONG}`, { folder: FOLDER, algorithm: 'sha512', hex: LONG }],
  [`${FOLDER}by-hash/SHA512/${hashOf('packed')}`, undefined],
  [`${FOLDER}by-hash/MD5Sum/${hashOf('packed')}`, undefined],
  [`${FOLDER}by-hash/SHA256/${hashOf('packed').slice(1)}`, undefined],
  [`${FOLDER}by-hash/SHA256/${hashOf('packed').toUpperCase()}`, undefined],
  [`${FOLDER}xby-hash/SHA256/${hashOf('packed')}`, undefined],
  [`${FOLDER}by-hash/SHA256/${hashOf('packed')}/`, undefined],
])('%s is a place by hash, or none', (path, expected) => {
  expect(byHashPath(path)).toEqual(expected);
});

it('is the file of that hash in the folder itself, and no other', () => {
  const find = (content: string) => entryByHash(FOLDER, hashOf(content), ENTRIES)?.path;
  expect(['packages', 'packed', 'other packages', 'release', 'nothing'].map(find)).toEqual([
    `${FOLDER}Packages`,
    `${FOLDER}Packages.gz`,
    undefined,
    undefined,
    undefined,
  ]);
});

it.each([
  [FOLDER, ['dists/stable/main/', 'dists/stable/']],
  [`debian/${FOLDER}`, ['debian/dists/stable/main/', 'debian/dists/stable/']],
  ['dists/', []],
  ['pool/main/', []],
  ['', []],
])('looks for the list of %j nearest first', (folder, expected) => {
  expect(suitesAbove(folder)).toEqual(expected);
});
