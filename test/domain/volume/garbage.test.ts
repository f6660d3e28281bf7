import { expect, test } from 'vitest';
import {
  DOOM_MS,
  HASH_PREFIXES,
  isAbandoned,
  isOldEnough,
  isSweepDue,
  mayStillRemove,
  YOUNG_MS,
} from '#domain/volume/garbage.ts';

test('the prefixes are the beginnings of all hashes, each once', () => {
  expect([HASH_PREFIXES.length, new Set(HASH_PREFIXES).size, HASH_PREFIXES[0], HASH_PREFIXES[10], HASH_PREFIXES[255]]).toEqual([
    256,
    256,
    '00',
    '0a',
    'ff',
  ]);
});

test('a doom is acted upon until some minutes before others may take it over, and never after', () => {
  expect(
    [0, DOOM_MS - 300_001, DOOM_MS - 300_000, DOOM_MS].map((ageMs) => [mayStillRemove(7, 7 + ageMs), isAbandoned(7, 7 + ageMs)]),
  ).toEqual([
    [true, false],
    [true, false],
    [false, false],
    [false, true],
  ]);
});

test('an object is left alone until it is old enough', () => {
  expect([YOUNG_MS - 1, YOUNG_MS].map((ageMs) => isOldEnough(5, 5 + ageMs))).toEqual([false, true]);
});

test.each([
  ['a day after it began, but for an hour', { startedMs: 0, endedMs: 1 }, 23 * 3_600_000, true],
  ['not before', { startedMs: 0, endedMs: 1 }, 23 * 3_600_000 - 1, false],
  ['at once after a problem', { startedMs: 0, endedMs: 1, problem: 'x' }, 2, true],
])('another sweep is due %s', (_, last, nowMs, is) => {
  expect(isSweepDue(last, nowMs)).toBe(is);
});
