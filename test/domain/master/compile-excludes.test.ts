import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileExcludes } from '#domain/master/compile-excludes.ts';

const isExcluded = compileExcludes(['(?:.*/)?\\.snapshot', 'project/trace', 'Archive-Update-[^/]+|x']);

test.each([
  ['.snapshot', true],
  ['a/b/.snapshot', true],
  ['a/.snapshot/c', true],
  ['a/my.snapshot', false],
  ['a/.snapshots', false],
  ['project/trace', true],
  ['project/trace/host', true],
  ['project/traces', false],
  ['other/project/trace', false],
  ['x', true],
  ['xy', false],
  ['', false],
])('%s is excluded: %s', (path, expected) => {
  expect(isExcluded(path)).toBe(expected);
});

test('whatever lies below an excluded path is excluded too, odd names included', () => {
  fc.assert(
    fc.property(fc.constantFrom('.snapshot', 'a/.snapshot', 'project/trace'), fc.string({ unit: 'binary' }), (path, below) => {
      expect(isExcluded(`${path}/${below}`)).toBe(true);
    }),
  );
});

test('nothing is excluded when there are no excludes', () => {
  expect(compileExcludes([])('anything')).toBe(false);
});
