import { expect, test } from 'vitest';
import { MOST_PROBLEMS } from '#domain/volume/release.ts';
import { pythonIndexProblems } from '#domain/volume/validate/python-index.ts';
import { treeOfFiles } from '../../../support/directory-tree.ts';

const problems = (...paths: readonly string[]) =>
  pythonIndexProblems(treeOfFiles(new Map(paths.map((path) => [path, new Uint8Array()]))));

const HAT = 'hat/hat-1-py3-none-any.whl';
const CAP = 'a/b/My_Cap-2.tar.gz';

test.each([
  ['pages of every project', ['simple/index.v1_json', 'simple/hat/index.v1_json', 'simple/my-cap/index.html', HAT, CAP]],
  ['pages of other forms', ['simple/index.html', 'simple/hat/index.v1_html', HAT]],
  ['a page of its own', ['index.html', HAT, CAP]],
  ['nothing that an index would have', ['README', 'hat.whl.txt']],
  ['names that are bad otherwise', ['index-less.whl']],
])('a volume with %s can be installed from', (_, paths) => {
  expect(problems(...paths)).toEqual([]);
});

test('a project without a page cannot be found, nor anything without the list of projects', () => {
  expect(problems(HAT, CAP, 'simple/my_cap/index.html')).toEqual([
    { path: 'simple/index.v1_json', message: 'is not in the release, so nobody finds what is in it' },
    { path: 'simple/hat/index.v1_json', message: 'is not in the release, so pip does not find hat' },
    { path: 'simple/my-cap/index.v1_json', message: 'is not in the release, so pip does not find my-cap' },
  ]);
});

test('no more problems are told than anybody reads', () => {
  const wheels = Array.from({ length: 300 }, (_, at) => `p${at}-1-py3-none-any.whl`);
  expect(problems(...wheels)).toHaveLength(MOST_PROBLEMS);
});
