import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compactHashes } from '#domain/volume/compact-hashes.ts';
import { hashOf } from '../../support/tree-arbitrary.ts';

/** Hashes of which many begin alike, or with nothing. */
const hashes = fc
  .tuple(fc.constantFrom('00000000', 'ffffffff', '00000001', '12345678'), fc.constantFrom('00000000', '00000001', 'ffffffff'))
  .map(([high, low]) => `${high}${low}`.padEnd(64, '0'));

test('it has what it was given, and of what begins otherwise nothing', () => {
  fc.assert(
    fc.property(fc.uniqueArray(hashes), hashes, (given, asked) => {
      const set = compactHashes();
      for (const hash of [...given, ...given]) set.add(hash);
      expect(given.every((hash) => set.has(hash))).toBe(true);
      // An empty place has its lower half at zero, so zero counts as one.
      const likeIt = asked.slice(8, 16) === '00000000' ? `${asked.slice(0, 8)}00000001`.padEnd(64, '0') : asked;
      const same = (hash: string) =>
        hash.slice(0, 8) === likeIt.slice(0, 8) && hash.slice(8, 16).replace(/^0{8}$/, '00000001') === likeIt.slice(8, 16);
      expect(set.has(asked)).toBe(given.some(same));
    }),
  );
});

test('it grows', () => {
  const set = compactHashes();
  const all = Array.from({ length: 30_000 }, (_, at) => hashOf(String(at)));
  const [given, others] = [all.slice(0, 20_000), all.slice(20_000)];
  for (const hash of given) set.add(hash);
  expect([set.size(), given.every(set.has), others.some(set.has)]).toEqual([20_000, true, false]);
});
