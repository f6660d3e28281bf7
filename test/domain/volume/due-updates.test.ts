import { describe, expect, test } from 'vitest';
import { dueUpdates, isUpdateDue, isUpstreamDue } from '#domain/volume/upstream/due-updates.ts';
import { noCheck, UPDATE_ENDS, type UpstreamCheck } from '#domain/volume/upstream/upstream-check.ts';
import { copiedVolume } from '../../support/update-setup.ts';

const HOUR = 3_600_000;
const { upstream } = copiedVolume({ upstream: { url: 'http://up.example', everyMs: 6 * HOUR } });
if (upstream === undefined) throw new Error('the volume has an upstream');

const check = (fields: Partial<UpstreamCheck>): UpstreamCheck => ({ ...noCheck('v'), startedMs: 1_000, ...fields });

/** How long after a run the next one is due. */
const dueAfterMs = (fields: Partial<UpstreamCheck>, is = isUpstreamDue): number => {
  let [low, high] = [0, 100 * HOUR];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (is(upstream, check(fields), 1_000 + middle)) high = middle;
    else low = middle + 1;
  }
  return low;
};

describe('upstream is asked again', () => {
  test.each(UPDATE_ENDS)('after a run that ended %s', (end) => {
    const expected = { busy: 0, lost: 0, paused: 20 * 60_000 }[end as string] ?? 6 * HOUR;
    expect(dueAfterMs({ end })).toBe(expected);
  });

  test('after failures sooner, each time after twice as long, at most at its own pace', () => {
    const minutes = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((failures) => dueAfterMs({ end: 'upstream_broken', failures }) / 60_000);
    expect(minutes).toEqual([5, 10, 20, 40, 80, 160, 320, 360, 360]);
  });

  test('never before it wants to be', () => {
    expect(dueAfterMs({ end: 'upstream_unreachable', failures: 1, notBeforeMs: 1_000 + 50 * HOUR })).toBe(50 * HOUR);
    expect(dueAfterMs({ end: 'busy', notBeforeMs: 2_000 })).toBe(1_000);
  });

  test('when nobody ever did', () => {
    expect(isUpstreamDue(upstream, undefined, 0)).toBe(true);
  });
});

test('what only waits for something here is taken up at every look', () => {
  expect(UPDATE_ENDS.filter((end) => dueAfterMs({ end }, isUpdateDue) === 0)).toEqual(['validated', 'sealing', 'busy', 'lost']);
  const waits = { ...upstream, release: false };
  expect(isUpdateDue(waits, check({ end: 'validated' }), 1_001)).toBe(false);
});

test('volumes without an upstream are never due', () => {
  const { upstream: _, ...without } = copiedVolume({ id: 'w', upstream: { url: 'x' } });
  const volumes = [copiedVolume({ upstream: { url: 'x' } }), without];
  expect(dueUpdates(volumes, new Map(), 0).map(({ id }) => id)).toEqual(['v']);
});
