import { expect, it } from 'vitest';
import { isHostName, isLockName } from '#wire/lock/names.ts';

it.each<[unknown, boolean]>([
  ['update', true],
  ['fl:default', true],
  ['größe no. 7', true],
  ['u', true],
  ['x'.repeat(100), true],
  ['x'.repeat(101), false],
  ['', false],
  [' update', false],
  ['update ', false],
  ['a/b', false],
  ['a\nb', false],
  ['a\ud800b', false],
  [7, false],
])('%j is a lock’s name: %s', (name, isOne) => {
  expect(isLockName(name)).toBe(isOne);
});

it.each<[unknown, boolean]>([
  ['a.example.org', true],
  ['A.Example@192.0.2.7', true],
  ['0::1', true],
  ['x'.repeat(253), true],
  ['x'.repeat(254), false],
  ['::1', false],
  ['', false],
  ['a b', false],
  ['größe', false],
  [undefined, false],
])('%j is a host’s name: %s', (name, isOne) => {
  expect(isHostName(name)).toBe(isOne);
});
