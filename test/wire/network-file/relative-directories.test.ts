import { expect, test } from 'vitest';
import { relativeDirectoryProblems } from '#wire/network-file/category-checks.ts';
import { printPath } from '#wire/network-file/problem.ts';

test('a relative directory is refused where there is no file that it could be relative to', () => {
  const masters = [
    './tree',
    { directory: 'tree' },
    '/srv/tree',
    { directory: 'C:\\tree' },
    'https://master.example.org/fullfiletimelist-x',
    { rsync: 'rsync://master.example.org/m' },
    undefined,
    7,
  ];
  const document = { categories: masters.map((master) => ({ master })) };
  expect(relativeDirectoryProblems(document).map(({ path, message }) => `${printPath(path)}: ${message}`)).toEqual([
    'categories[0].master: must be an absolute path here',
    'categories[1].master.directory: must be an absolute path here',
  ]);
});
