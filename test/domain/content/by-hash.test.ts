import { expect, it } from 'vitest';
import { byHashPath, entryByHash, releaseFolders } from '#domain/content/by-hash.ts';
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
  [FOLDER, [FOLDER, 'dists/stable/main/', 'dists/stable/', 'dists/', '']],
  ['pool/', ['pool/', '']],
  ['', ['']],
  ['a/'.repeat(100), [100, 99, 98, 97, 96, 95, 94, 93, 92].map((levels) => 'a/'.repeat(levels))],
])('looks for the list of %j nearest first, and not all the way up', (folder, expected) => {
  expect(releaseFolders(folder)).toEqual(expected);
});
