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
import {
  MOST_ASKED_OBJECTS,
  parseAskedObjects,
  parseReleaseWish,
  parseRollBack,
  parseStage,
  parseVolumeReason,
  pointerJson,
  refusalText,
  releaseJson,
  volumeEventJson,
} from '#wire/volume/volume-json.ts';

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

describe('a body', () => {
  test.each([
    [parseAskedObjects, `{"objects":["${A}","${B}"]}`, { objects: [A, B] }],
    [parseStage, `{"root":"${A}"}`, { root: A }],
    [parseReleaseWish, `{"release":"${A}"}`, { release: A }],
    [parseReleaseWish, `{"release":"${A}","expect":null,"fence":3}`, { release: A, expect: null, fence: 3 }],
    [parseReleaseWish, `{"release":"${A}","expect":"${B}"}`, { release: A, expect: B }],
    [parseRollBack, '{"reason":" bad "}', { reason: 'bad' }],
    [parseRollBack, `{"to":"${A}","reason":"bad"}`, { to: A, reason: 'bad' }],
    [parseVolumeReason, '{"reason":"bad"}', { reason: 'bad' }],
  ])('%o of %s', (parse, body, value) => {
    expect(parse(body)).toEqual({ kind: 'ok', value });
  });

  test.each([
    [parseAskedObjects, '{"objects":[]}', 'objects'],
    [parseAskedObjects, JSON.stringify({ objects: Array(MOST_ASKED_OBJECTS + 1).fill(A) }), 'objects'],
    [parseAskedObjects, '{"objects":["x"]}', 'objects.0'],
    [parseStage, '', 'root'],
    [parseStage, 'null', ''],
    [parseStage, '{', ''],
    [parseReleaseWish, `{"release":"${A}","expected":"${B}"}`, 'expected'],
    [parseReleaseWish, `{"release":"${A}","fence":0}`, 'fence'],
    [parseRollBack, '{"reason":"  "}', 'reason'],
    [parseRollBack, '{}', 'reason'],
    [parseVolumeReason, `{"reason":"${'x'.repeat(501)}"}`, 'reason'],
  ])('%o refuses %#, naming the place', (parse, body, path) => {
    const parsed = parse(body);
    expect(parsed.kind === 'invalid' ? parsed.problems[0]?.path : parsed).toBe(path);
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
