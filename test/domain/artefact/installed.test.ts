import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Digest } from '#domain/artefact/digest.ts';
import {
  type InstalledState,
  keptTargets,
  NOTHING_INSTALLED,
  nextStep,
  type Release,
  switchedTo,
  takenBack,
  treeName,
} from '#domain/artefact/installed.ts';
import { parseInstalledState, parseTreeMarker, printInstalledState, printTreeMarker } from '#wire/artefact/installed-state.ts';

const digest = (letter: string): Digest => ({ algorithm: 'sha256', hex: letter.repeat(64) });
const A = digest('a');
const B = digest('b');
const release = (of: Digest | undefined, target = `app.d/sha256-${of?.hex}`): Release => ({
  target,
  digest: of,
  artefact: 'https://example.org/app.tgz',
  installedAt: '2026-01-01T00:00:00.000Z',
});
const state = (more: Partial<InstalledState>): InstalledState => ({ ...NOTHING_INSTALLED, ...more });
const whole = (...digests: readonly Digest[]) => new Map(digests.map((of) => [release(of).target, of]));

describe('the next step', () => {
  const current = release(A);
  it.each([
    ['nothing is installed', NOTHING_INSTALLED, { linkTarget: undefined, whole: whole() }, A, { kind: 'install' }],
    ['it is installed', state({ current }), { linkTarget: current.target, whole: whole(A) }, A, { kind: 'unchanged' }],
    ['another is published', state({ current }), { linkTarget: current.target, whole: whole(A) }, B, { kind: 'install' }],
    ['its marker is gone', state({ current }), { linkTarget: current.target, whole: whole() }, A, { kind: 'install' }],
    [
      'the link leads elsewhere',
      state({ current }),
      { linkTarget: '/opt/x', whole: whole(A) },
      A,
      { kind: 'switch', target: current.target },
    ],
    [
      'there is no link',
      state({ current }),
      { linkTarget: undefined, whole: whole(A) },
      A,
      { kind: 'switch', target: current.target },
    ],
    [
      'its hooks are due',
      state({ current, hooksDue: 'installed' }),
      { linkTarget: current.target, whole: whole(A) },
      A,
      { kind: 'switch', target: current.target },
    ],
    [
      'an older one is published again',
      state({ current, previous: [release(B)] }),
      { linkTarget: current.target, whole: whole(A, B) },
      B,
      { kind: 'switch', target: release(B).target },
    ],
    [
      'only the tree is there, and no state',
      NOTHING_INSTALLED,
      { linkTarget: current.target, whole: whole(A) },
      A,
      { kind: 'switch', target: current.target },
    ],
    ['it was taken back', state({ current, bad: [B] }), { linkTarget: current.target, whole: whole(A, B) }, B, { kind: 'bad' }],
  ])('when %s', (_, of, seen, wanted, step) => {
    expect(nextStep(of, seen, wanted)).toEqual(step);
  });
});

const anyRelease = fc
  .record({ letter: fc.constantFrom('a', 'b', 'c', 'd', 'e'), foreign: fc.boolean() })
  .map(({ letter, foreign }) => release(foreign ? undefined : digest(letter), foreign ? `/opt/${letter}` : undefined));
const anyState = fc
  .record({
    installs: fc.array(anyRelease, { maxLength: 6 }),
    back: fc.nat({ max: 3 }),
    hooks: fc.boolean(),
  })
  .map(({ installs, back, hooks }) => {
    let now = NOTHING_INSTALLED;
    for (const one of installs) now = switchedTo(now, one, hooks);
    for (let times = 0; times < back; times += 1) now = takenBack(now, hooks);
    return now;
  });

describe('a switch', () => {
  it('taken back leads to what was there before, and makes bad what was taken back', () => {
    fc.assert(
      fc.property(anyState, anyRelease, (before, next) => {
        fc.pre(before.current !== undefined && before.current.target !== next.target);
        const after = switchedTo(before, next, false);
        expect(after.current).toEqual(next);
        const back = takenBack(after, false);
        expect(back.current).toEqual(before.current);
        expect(back.bad.slice(0, 1)).toEqual(next.digest === undefined ? before.bad.slice(0, 1) : [next.digest]);
      }),
    );
  });

  it('never has a release twice, and keeps as many as it is told', () => {
    fc.assert(
      fc.property(anyState, fc.nat({ max: 4 }), (of, keep) => {
        const all = [...(of.current === undefined ? [] : [of.current]), ...of.previous].map(({ target }) => target);
        expect(new Set(all).size).toBe(all.length);
        expect(keptTargets(of, keep)).toEqual(all.slice(0, keep + (of.current === undefined ? 0 : 1)));
      }),
    );
  });

  it('forgets a damaged tree of the same artefact', () => {
    const damaged = release(A);
    const repaired = release(A, `${damaged.target}.2`);
    expect(switchedTo(state({ current: damaged }), repaired, true)).toEqual(state({ current: repaired, hooksDue: 'installed' }));
  });
});

describe('the state', () => {
  it('is read as it was written', () => {
    const checked = { url: 'u', kind: 'list', artefact: 'a', etag: '"e"', lastModified: undefined, digest: A } as const;
    fc.assert(
      fc.property(anyState, fc.boolean(), (of, asked) => {
        const written = { ...of, checked: asked ? checked : undefined };
        expect(parseInstalledState(printInstalledState(written))).toEqual(written);
      }),
    );
  });

  it.each(['', '{}', '{"schema":2,"previous":[],"bad":[]}', '{"schema":1,"previous":[],"bad":["sha256-0"]}'])(
    'is none: %j',
    (text) => {
      expect(() => parseInstalledState(text)).toThrow('the state');
    },
  );

  it('of a tree is the digest in its marker', () => {
    expect(parseTreeMarker(printTreeMarker(A))).toEqual(A);
    for (const text of ['', '{"digest":"sha256-aa"}', '{"dig']) expect(parseTreeMarker(text)).toBeUndefined();
  });
});

describe('a tree', () => {
  it('has the name of its digest, and a number beside one that is in the way', () => {
    const name = `sha256-${A.hex}`;
    expect(treeName(A, () => false)).toBe(name);
    expect(treeName(A, (taken) => taken === name)).toBe(`${name}.2`);
  });
});
