import fc from 'fast-check';
import { expect, it } from 'vitest';
import { httpDate } from '#domain/answer/http-date.ts';

it('writes dates as the runtime does', () => {
  const anyTime = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31, 23, 59, 59) });
  fc.assert(
    fc.property(anyTime, (atMs) => {
      expect(httpDate(atMs)).toBe(new Date(atMs).toUTCString());
    }),
    { numRuns: 2_000 },
  );
});
