import { expect, test } from 'vitest';
import { releasesToSearch } from '#domain/content/releases-to-search.ts';
import { RELEASE_STATES, type Release, type ReleaseState } from '#domain/volume/release.ts';
import { aTree, rootOf } from '../../support/a-volume.ts';

const aRelease = (name: string, sequence: number, state: ReleaseState, sinceMs: number): Release => ({
  volume: 'v',
  sequence,
  ...aTree(name),
  state,
  createdMs: 0,
  createdBy: 'user:ann',
  sinceMs,
  pinned: false,
});

const VOLUME = { graceMs: 100 };
const ALL = [
  aRelease('a', 1, 'SUPERSEDED', 100),
  aRelease('b', 2, 'SUPERSEDED', 150),
  aRelease('c', 3, 'SUPERSEDED', 180),
  aRelease('d', 4, 'CURRENT', 180),
  aRelease('e', 5, 'VALIDATED', 190),
];

test('a path is looked for in what is current, then in what was, the latest first', () => {
  const roots = (nowMs: number) => releasesToSearch(VOLUME, { kind: 'current' }, ALL, nowMs).map(({ root }) => root);
  expect(roots(199)).toEqual(['d', 'c', 'b', 'a'].map(rootOf));
  expect(roots(200)).toEqual(['d', 'c', 'b'].map(rootOf));
  expect(roots(999)).toEqual([rootOf('d')]);
});

test('a release that is named is looked into alone, whether it was released or not', () => {
  expect(releasesToSearch(VOLUME, { kind: 'sequence', sequence: 5 }, ALL, 0)).toEqual([ALL[4]]);
  expect(releasesToSearch(VOLUME, { kind: 'root', root: rootOf('a') }, ALL, 9_999)).toEqual([ALL[0]]);
  expect(releasesToSearch(VOLUME, { kind: 'sequence', sequence: 9 }, ALL, 0)).toEqual([]);
});

test('a release that is not whole, or was found wanting, is not shown', () => {
  const shown = RELEASE_STATES.filter(
    (state) => releasesToSearch(VOLUME, { kind: 'sequence', sequence: 1 }, [aRelease('a', 1, state, 0)], 0).length > 0,
  );
  expect(shown).toEqual(['SEALED', 'VALIDATED', 'CURRENT', 'SUPERSEDED']);
});
