import fc from 'fast-check';
import { expect, test } from 'vitest';
import { byteCache } from '#domain/byte-cache.ts';

test('what was not asked for the longest goes first', () => {
  const cache = byteCache<string>(10);
  cache.set('a', 'A', 4);
  cache.set('b', 'B', 4);
  expect(cache.get('a')).toBe('A');
  cache.set('c', 'C', 4);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual(['A', undefined, 'C']);
});

test('what is larger than all there is is not kept, and takes nothing else along', () => {
  const cache = byteCache<string>(10);
  cache.set('a', 'A', 4);
  cache.set('b', 'B', 11);
  expect([cache.get('a'), cache.get('b')]).toEqual(['A', undefined]);
});

test('whatever is put, the sizes of what is there are never above the limit', () => {
  const step = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), sizeBytes: fc.nat(12), remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const cache = byteCache<number>(20);
      for (const { key, sizeBytes, remove } of steps) {
        if (remove) cache.delete(key);
        else cache.set(key, sizeBytes, sizeBytes);
        const kept = ['a', 'b', 'c', 'd'].flatMap((one) => cache.get(one) ?? []);
        expect(kept.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(20);
        if (!remove) expect(cache.get(key)).toBe(sizeBytes);
      }
    }),
  );
});
