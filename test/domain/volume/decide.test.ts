import { describe, expect, test } from 'vitest';
import {
  decideAbort,
  decideCommit,
  decidePin,
  decideRollBack,
  decideSeal,
  decideStage,
  decideValidation,
} from '#domain/volume/decide-release.ts';
import { decideGiveBack, decideHold, decideLease, decideResume } from '#domain/volume/decide-volume.ts';
import { RELEASE_STATES, type Release, type ReleaseState } from '#domain/volume/release.ts';
import { RELEASE_TRANSITIONS } from '#domain/volume/release-transitions.ts';
import { decideExpiry, isInGrace, keptBecause } from '#domain/volume/retention.ts';
import type { VolumeView } from '#domain/volume/take-transition.ts';
import type { VolumeDecision, VolumePointer } from '#domain/volume/volume-state.ts';
import { aTree, changeOf, NOTHING_YET, rootOf, viewOf } from '../../support/a-volume.ts';

const aRelease = (name: string, state: ReleaseState, fields: Partial<Release> = {}): Release => ({
  volume: 'v',
  sequence: 1,
  ...aTree(name),
  state,
  createdMs: 0,
  createdBy: 'user:ann',
  sinceMs: 0,
  pinned: false,
  ...fields,
});

const view = (target: Release | undefined, pointer: Partial<VolumePointer> = {}, nowMs = 1_000): VolumeView => {
  const current = pointer.current === undefined ? undefined : aRelease('current', 'CURRENT', { root: pointer.current });
  return viewOf({ ...NOTHING_YET, pointer: { ...NOTHING_YET.pointer, releases: 1, ...pointer }, target, current }, nowMs);
};

const refusalOf = (decision: VolumeDecision) => (decision.kind === 'refused' ? decision.refusal : decision.kind);
const targetAfter = (decision: VolumeDecision) => changeOf(decision).releases[0]?.next;
const OLD = rootOf('old');
const LEASE = { by: 'user:bob', untilMs: 2_000 };
const HOLD = { by: 'user:eve', reason: 'bad', atMs: 1 };

describe('the table', () => {
  test('leads to CURRENT only from what was validated', () => {
    const ways = Object.values(RELEASE_TRANSITIONS).filter(({ to }) => to === 'CURRENT');
    expect([...new Set(ways.flatMap(({ from }) => from))].toSorted()).toEqual(['SUPERSEDED', 'VALIDATED']);
    expect(Object.values(RELEASE_TRANSITIONS).filter(({ to }) => to === 'VALIDATED')).toEqual([RELEASE_TRANSITIONS.validate]);
    expect(Object.values(RELEASE_TRANSITIONS).filter(({ to }) => to === 'SUPERSEDED')).toEqual([RELEASE_TRANSITIONS.supersede]);
  });

  const decisions: Record<string, (seen: VolumeView) => VolumeDecision> = {
    seal: decideSeal,
    validate: (seen) => decideValidation(seen, []),
    reject: (seen) => decideValidation(seen, [{ path: '', message: 'bad' }]),
    commit: (seen) => decideCommit(seen, { expected: OLD }),
    'roll-back': (seen) => decideRollBack(seen, 'why'),
    abort: (seen) => decideAbort(seen, 'why'),
    pin: (seen) => decidePin(seen, true),
  };

  test.each(Object.entries(decisions))('is all that %s does', (name, decide) => {
    const row = RELEASE_TRANSITIONS[name as keyof typeof RELEASE_TRANSITIONS];
    for (const state of RELEASE_STATES) {
      if (name === 'commit' && state === 'CURRENT') continue;
      const decision = decide(view(aRelease('a', state), { current: OLD }));
      if (row.from.includes(state)) expect(targetAfter(decision)?.state).toBe(row.to === 'same' ? state : row.to);
      else expect(refusalOf(decision)).toEqual({ kind: 'wrong-state', state });
    }
    expect(refusalOf(decide(view(undefined)))).toEqual({ kind: 'unknown-release' });
  });
});

describe('staging', () => {
  test('of what nobody published yet counts a release', () => {
    const change = changeOf(decideStage(view(undefined, { current: OLD }), aTree('a', 3)));
    expect(change.next).toMatchObject({ version: 1, releases: 2, current: OLD });
    expect(change.releases).toEqual([
      {
        from: 'none',
        next: aRelease('a', 'STAGING', { ...aTree('a', 3), sequence: 2, parent: OLD, createdMs: 1_000, sinceMs: 1_000 }),
      },
    ]);
  });

  test.each(['STAGING', 'SEALED', 'ABORTED', 'REJECTED'] as const)('of what is %s begins again', (state) => {
    const before = aRelease('a', state, { sequence: 1, problems: [{ path: 'a', message: 'b' }] });
    const change = changeOf(decideStage(view(before, { current: OLD }), aTree('a')));
    expect(change.next.releases).toBe(1);
    expect(change.releases[0]).toEqual({
      from: state,
      next: aRelease('a', 'STAGING', { parent: OLD, createdMs: 1_000, sinceMs: 1_000 }),
    });
  });

  test('of what is current, or ready to follow it, is nothing', () => {
    expect(decideStage(view(aRelease('a', 'CURRENT')), aTree('a'))).toEqual({ kind: 'nothing' });
    for (const state of ['VALIDATED', 'SUPERSEDED'] as const)
      expect(decideStage(view(aRelease('a', state, { parent: OLD }), { current: OLD }), aTree('a'))).toEqual({
        kind: 'nothing',
      });
  });

  test('of what was validated against something else validates it again', () => {
    expect(targetAfter(decideStage(view(aRelease('a', 'VALIDATED'), { current: OLD }), aTree('a')))).toMatchObject({
      state: 'STAGING',
      parent: OLD,
    });
  });

  test('of what was current before lets it follow what is current now', () => {
    const superseded = aRelease('a', 'SUPERSEDED', { sinceMs: 7 });
    expect(targetAfter(decideStage(view(superseded, { current: OLD }), aTree('a')))).toEqual({ ...superseded, parent: OLD });
  });
});

describe('a commit', () => {
  const ready = aRelease('a', 'VALIDATED', { parent: OLD });

  test('moves the pointer and supersedes what was current', () => {
    const change = changeOf(decideCommit(view(ready, { current: OLD, version: 4, moves: 2 })));
    expect(change.next).toMatchObject({ version: 5, moves: 3, movedMs: 1_000, current: ready.root, previous: OLD });
    expect(change.releases.map(({ from, next }) => [from, next.root, next.state, next.sinceMs])).toEqual([
      ['VALIDATED', ready.root, 'CURRENT', 1_000],
      ['CURRENT', OLD, 'SUPERSEDED', 1_000],
    ]);
    expect(change.event).toMatchObject({ transition: 'commit', release: ready.root, before: OLD, version: 5 });
  });

  test('of the first release supersedes nothing', () => {
    expect(changeOf(decideCommit(view(aRelease('a', 'VALIDATED')))).releases).toHaveLength(1);
  });

  test('of what is current is nothing', () => {
    expect(decideCommit(view(aRelease('a', 'CURRENT'), { current: rootOf('a'), hold: HOLD }))).toEqual({ kind: 'nothing' });
  });

  test.each<[string, Partial<VolumePointer>, Parameters<typeof decideCommit>[1], unknown]>([
    ['something else is current', { current: rootOf('x') }, {}, { kind: 'moved', current: rootOf('x'), expected: OLD }],
    ['nothing is', {}, {}, { kind: 'moved', current: undefined, expected: OLD }],
    [
      'something is, and nothing is expected',
      { current: OLD },
      { expected: null },
      { kind: 'moved', current: OLD, expected: undefined },
    ],
    ['it is held', { current: OLD, hold: HOLD }, {}, { kind: 'held', hold: HOLD }],
    ['somebody else publishes', { current: OLD, lease: LEASE, fence: 1 }, {}, { kind: 'leased', lease: LEASE }],
    ['its lease is an older one', { current: OLD, lease: LEASE, fence: 2 }, { fence: 1 }, { kind: 'fenced', fence: 2 }],
    [
      'its lease lapsed',
      { current: OLD, lease: { ...LEASE, untilMs: 1_000 }, fence: 2 },
      { fence: 2 },
      { kind: 'fenced', fence: 2 },
    ],
  ])('is refused when %s', (_, pointer, wish, refusal) => {
    expect(refusalOf(decideCommit(view(ready, pointer), wish))).toEqual(refusal);
  });

  test.each<[string, Partial<VolumePointer>, Parameters<typeof decideCommit>[1]]>([
    ['by whoever has the lease', { current: OLD, lease: LEASE, fence: 2 }, { fence: 2 }],
    ['by anybody when the lease lapsed', { current: OLD, lease: { ...LEASE, untilMs: 1_000 } }, {}],
    ['over what somebody says is current', { current: rootOf('x') }, { expected: rootOf('x') }],
    ['over nothing, where that is expected', {}, { expected: null }],
  ])('is done %s', (_, pointer, wish) => {
    expect(decideCommit(view(ready, pointer), wish).kind).toBe('change');
  });
});

describe('a rollback', () => {
  test('goes back, holds, and points to what was before', () => {
    const earlier = aRelease('a', 'SUPERSEDED', { parent: OLD });
    const { next } = changeOf(decideRollBack(view(earlier, { current: rootOf('b'), hold: HOLD, lease: LEASE }), 'broken'));
    expect(next).toMatchObject({
      current: earlier.root,
      previous: OLD,
      moves: 1,
      hold: { by: 'user:ann', reason: 'broken', atMs: 1_000 },
    });
  });
});

describe('a hold', () => {
  test('is set, replaced and lifted', () => {
    expect(changeOf(decideHold(view(undefined, { hold: HOLD }), 'new')).next.hold).toEqual({
      by: 'user:ann',
      reason: 'new',
      atMs: 1_000,
    });
    expect(changeOf(decideResume(view(undefined, { hold: HOLD }))).next.hold).toBeUndefined();
    expect(decideResume(view(undefined))).toEqual({ kind: 'nothing' });
  });
});

describe('a lease', () => {
  test('is given once, prolonged by its fence, and again when it lapsed', () => {
    const first = changeOf(decideLease(view(undefined), 2_000)).next;
    expect(first).toMatchObject({ fence: 1, lease: { by: 'user:ann', untilMs: 2_000 } });
    expect(refusalOf(decideLease(view(undefined, first), 3_000))).toEqual({ kind: 'leased', lease: first.lease });
    expect(changeOf(decideLease(view(undefined, first), 3_000, 1)).next).toMatchObject({ fence: 1, lease: { untilMs: 3_000 } });
    expect(changeOf(decideLease(view(undefined, first, 2_000), 9_000)).next.fence).toBe(2);
    expect(refusalOf(decideLease(view(undefined, first, 2_000), 9_000, 1))).toEqual({ kind: 'fenced', fence: 1 });
  });

  test('is given back by its fence only', () => {
    expect(refusalOf(decideGiveBack(view(undefined, { lease: LEASE, fence: 2 }), 1))).toEqual({ kind: 'fenced', fence: 2 });
    expect(changeOf(decideGiveBack(view(undefined, { lease: LEASE, fence: 2 }), 2)).next.lease).toBeUndefined();
    expect(decideGiveBack(view(undefined, { fence: 2 }), 2)).toEqual({ kind: 'nothing' });
  });
});

describe('a release is kept', () => {
  const DAY = 86_400_000;
  const policy = { retain: 2, graceMs: 2 * DAY };
  const old = (name: string, sinceMs: number, fields: Partial<Release> = {}) =>
    aRelease(name, 'SUPERSEDED', { sinceMs, ...fields });

  test('in grace, among the last, pinned, or new; otherwise it is not', () => {
    const all = [old('a', 0), old('b', DAY), old('c', 2 * DAY)];
    expect(all.map((release) => isInGrace(policy, release, 3 * DAY))).toEqual([false, false, true]);
    expect(all.map((release) => keptBecause(policy, release, all, 3 * DAY))).toEqual([
      undefined,
      'it is one of the last',
      'clients may still follow it',
    ]);
    expect(keptBecause(policy, old('a', 0, { pinned: true }), all, 3 * DAY)).toBe('it is pinned');
    expect(keptBecause(policy, aRelease('x', 'VALIDATED'), all, DAY - 1)).toBe('it is still new');
    expect(keptBecause(policy, aRelease('x', 'SEALED'), all, DAY)).toBeUndefined();
  });

  test('or expires, and never when it is current', () => {
    const all = [old('a', 0), old('b', DAY), old('c', 2 * DAY)];
    expect(targetAfter(decideExpiry(view(all[0], {}, 3 * DAY), policy, all))?.state).toBe('ABORTED');
    expect(refusalOf(decideExpiry(view(all[1], {}, 3 * DAY), policy, all))).toEqual({
      kind: 'kept',
      reason: 'it is one of the last',
    });
    for (const state of ['CURRENT', 'ABORTED', 'REJECTED'] as const)
      expect(refusalOf(decideExpiry(view(aRelease('x', state), {}, 9 * DAY), policy, all))).toEqual({
        kind: 'wrong-state',
        state,
      });
  });
});
