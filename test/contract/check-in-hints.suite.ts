import { expect, test } from 'vitest';
import { Fault } from '#domain/errors.ts';
import type { CheckInHints } from '#ports/check-in-hints.ts';
import type { MakePlace } from './places.ts';

export const checkInHintsContract = (make: MakePlace<CheckInHints>): void => {
  test('the last one is known, per host and category', async () => {
    const place = await make();
    expect(await place.open().last('m1', 'linux')).toBeUndefined();
    await place.open().note('m1', 'linux', 5);
    await place.open().note('m1', 'linux', 7);
    await place.open().note('m2', 'linux', 8);
    await place.open().note('m1', 'debian', 9);
    const hints = place.open();
    expect(await Promise.all([hints.last('m1', 'linux'), hints.last('m2', 'linux'), hints.last('m1', 'debian')])).toEqual([
      7, 8, 9,
    ]);
  });

  test('a table that does not answer is a Fault', async () => {
    const hints = (await make()).open(() => ({ kind: 'request-lost' }));
    await expect(hints.last('m1', 'linux')).rejects.toThrow(Fault);
    await expect(hints.note('m1', 'linux', 1)).rejects.toThrow(Fault);
  });
};
