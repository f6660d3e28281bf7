import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RELEASE_STATES, type Release } from '#domain/volume/release.ts';
import { TRANSITION_NAMES } from '#domain/volume/release-transitions.ts';
import type { VolumeEvent, VolumePointer } from '#domain/volume/volume-state.ts';
import {
  parsePointer,
  parseRelease,
  parseVolumeEvent,
  printPointer,
  printRelease,
  printVolumeEvent,
} from '#wire/volume/volume-items.ts';
import { pointerJson, refusalText, releaseJson, volumeEventJson, volumeJson } from '#wire/volume/volume-json.ts';
import { parseVolumeReply } from '#wire/volume/volume-replies.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

const hash = fc.constantFrom(A, B);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const releases: fc.Arbitrary<Release> = fc
  .record({
    sequence: fc.nat(),
    root: hash,
    state: fc.constantFrom(...RELEASE_STATES),
    parent: maybe(hash),
    files: fc.nat(),
    bytes: fc.maxSafeNat(),
    createdMs: fc.nat(),
    createdBy: text,
    problems: maybe(fc.array(fc.record({ path: text, message: text }), { maxLength: 3 })),
    sinceMs: fc.nat(),
    pinned: fc.boolean(),
  })
  .map(({ parent, problems, ...rest }) => ({
    volume: 'v',
    ...rest,
    ...(parent === undefined ? {} : { parent }),
    ...(problems === undefined ? {} : { problems }),
  }));
const pointers: fc.Arbitrary<VolumePointer> = fc.record({
  volume: fc.constant('v'),
  version: fc.nat(),
  moves: fc.nat(),
  movedMs: maybe(fc.nat()),
  current: maybe(hash),
  previous: maybe(hash),
  hold: maybe(fc.record({ by: text, reason: text, atMs: fc.nat() })),
  fence: fc.nat(),
  lease: maybe(fc.record({ by: text, untilMs: fc.nat() })),
  releases: fc.nat(),
});
const events: fc.Arbitrary<VolumeEvent> = fc.record({
  volume: fc.constant('v'),
  version: fc.nat(),
  transition: fc.constantFrom(...TRANSITION_NAMES),
  release: maybe(hash),
  before: maybe(hash),
  by: text,
  atMs: fc.nat(),
  reason: maybe(text),
  writeId: text,
});

describe('an item', () => {
  test('comes back as it was printed', () => {
    fc.assert(
      fc.property(releases, pointers, events, (release, pointer, event) => {
        expect(parseRelease('v', printRelease(release))).toEqual(release);
        expect(parsePointer('v', printPointer(pointer))).toEqual(pointer);
        expect(parseVolumeEvent('v', printVolumeEvent(event))).toEqual(event);
      }),
    );
  });

  test.each(RELEASE_STATES)('of a release that is %s is forgotten a month after its end, if it has ended', (state) => {
    const release: Release = {
      volume: 'v',
      sequence: 1,
      root: A,
      state,
      files: 1,
      bytes: 1,
      createdMs: 0,
      createdBy: '',
      sinceMs: 1_500,
      pinned: false,
    };
    const isEnded = state === 'ABORTED' || state === 'REJECTED';
    expect(printRelease(release)['ttl']).toBe(isEnded ? 2_592_002 : undefined);
  });

  test.each([
    ['a release', () => parseRelease('v', { root: A })],
    ['a pointer', () => parsePointer('v', { v: -1 })],
    ['an entry of the log', () => parseVolumeEvent('v', { v: 1, op: 'other' })],
    [
      'problems',
      () =>
        parseRelease('v', {
          root: A,
          n: 1,
          s: 'REJECTED',
          files: 0,
          bytes: 0,
          created: 0,
          by: '',
          since: 0,
          pin: false,
          problems: '[1]',
        }),
    ],
  ])('that is not %s is refused', (_, parse) => {
    expect(parse).toThrow('v');
  });
});

describe('what clients see', () => {
  test('of a release, a pointer and the log leaves out what does not apply', () => {
    const release: Release = {
      volume: 'v',
      sequence: 1,
      root: A,
      state: 'VALIDATED',
      files: 1,
      bytes: 2,
      createdMs: 3,
      createdBy: 'user:ann',
      sinceMs: 4,
      pinned: false,
    };
    expect(JSON.stringify(releaseJson(release))).toBe(
      `{"release":"${A}","sequence":1,"state":"VALIDATED","files":1,"bytes":2,"createdMs":3,"createdBy":"user:ann","sinceMs":4}`,
    );
    const pointer = {
      volume: 'v',
      version: 2,
      moves: 1,
      movedMs: 5,
      current: A,
      previous: undefined,
      hold: undefined,
      fence: 7,
      releases: 1,
    };
    expect(JSON.stringify(pointerJson({ ...pointer, lease: { by: 'user:ann', untilMs: 9 } }))).toBe(
      `{"volume":"v","version":2,"current":"${A}","moves":1,"movedMs":5,"lease":{"by":"user:ann","untilMs":9,"fence":7}}`,
    );
    const event: VolumeEvent = {
      volume: 'v',
      version: 2,
      transition: 'commit',
      release: A,
      before: B,
      by: 'user:ann',
      atMs: 5,
      reason: undefined,
      writeId: 'w',
    };
    expect(JSON.stringify(volumeEventJson(event))).toBe(
      `{"version":2,"operation":"commit","release":"${A}","before":"${B}","by":"user:ann","atMs":5}`,
    );
  });

  test('of a volume is where it stands, what is current, and how fresh that is', () => {
    fc.assert(
      fc.property(pointers, maybe(releases), (pointer, current) => {
        const update = { volume: 'v', startedMs: 3, end: 'unchanged', failures: 0, checkedMs: 4, heads: [] } as const;
        const upstream = { kind: 'http', url: 'https://up.example', excludes: [], everyMs: 1, release: true } as const;
        const volume = { id: 'v', mount: 'm/n', type: 'rpm', maximumShrinkShare: 0, retain: 1, graceMs: 1, upstream } as const;
        const shown: unknown = JSON.parse(JSON.stringify(volumeJson({ volume, pointer, current, update })));
        expect(shown).toEqual(
          JSON.parse(
            JSON.stringify({
              ...pointerJson(pointer),
              mount: 'm/n',
              type: 'rpm',
              upstream: 'https://up.example',
              currentRelease: current && releaseJson(current),
              update: { end: 'unchanged', startedMs: 3, checkedMs: 4, failures: 0 },
            }),
          ),
        );
        expect(parseVolumeReply('volume', shown)).toMatchObject({ volume: 'v', mount: 'm/n', version: pointer.version });
        if (current !== undefined) expect(parseVolumeReply('release', releaseJson(current)).release).toBe(current.root);
      }),
    );
  });

  test('of a refusal is a sentence', () => {
    const hold = { by: 'user:eve', reason: 'bad kernel', atMs: 0 };
    expect(
      [
        refusalText({ kind: 'unknown-release' }),
        refusalText({ kind: 'wrong-state', state: 'REJECTED' }),
        refusalText({ kind: 'held', hold }),
        refusalText({ kind: 'moved', current: A, expected: undefined }),
        refusalText({ kind: 'leased', lease: { by: 'user:bob', untilMs: 0 } }),
        refusalText({ kind: 'fenced', fence: 1 }),
        refusalText({ kind: 'kept', reason: 'it is pinned' }),
      ].join('\n'),
    ).toBe(
      [
        'There is no such release.',
        'The release is REJECTED, which does not allow that.',
        'The volume is held by user:eve: bad kernel',
        `Current is ${A}, and not nothing as expected.`,
        'user:bob is publishing.',
        'The lease is over, or somebody else has it by now.',
        'The release stays: it is pinned.',
      ].join('\n'),
    );
  });
});
