import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WireError } from '#domain/errors.ts';
import { noCheck, UPDATE_ENDS } from '#domain/volume/upstream/upstream-check.ts';
import { parseUpstreamCheck, printUpstreamCheck } from '#wire/volume/upstream-check-item.ts';
import { parseUpstreamMemory, printUpstreamMemory } from '#wire/volume/upstream-memory.ts';
import { hashOf, paths } from '../../support/tree-arbitrary.ts';

const file = fc.record({ said: fc.string(), sha256: fc.nat(9).map((seed) => hashOf(`${seed}`)), sizeBytes: fc.nat() });

test('what is remembered of files comes back', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(paths, file), { selector: ([path]) => path }), (files) => {
      expect(parseUpstreamMemory(printUpstreamMemory(new Map(files)))).toEqual(new Map(files));
    }),
  );
});

test('its first version is read for ever', () => {
  const text = `{"format":"mirrortide-upstream-memory","version":1}\n["a b","1700000000 3","${hashOf('abc')}",3]\n`;
  const files = new Map([['a b', { said: '1700000000 3', sha256: hashOf('abc'), sizeBytes: 3 }]]);
  expect(parseUpstreamMemory(new TextEncoder().encode(text))).toEqual(files);
  expect(new TextDecoder().decode(printUpstreamMemory(files))).toBe(text);
});

test('anything else is a WireError, also when it was cut off', () => {
  const whole = printUpstreamMemory(new Map([['a', { said: 's', sha256: hashOf('a'), sizeBytes: 1 }]]));
  for (let length = 0; length < whole.length - 1; length += 7)
    expect(() => parseUpstreamMemory(whole.subarray(0, length))).toThrow(WireError);
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(() => parseUpstreamMemory(bytes)).toThrow(WireError);
    }),
  );
});

test.each(UPDATE_ENDS)('what is known of an upstream whose last run ended %s comes back', (end) => {
  const check = { ...noCheck('v'), end, problem: 'ä', root: hashOf('root') };
  expect(parseUpstreamCheck({ sk: 'v', ...printUpstreamCheck(check, 3) })).toEqual(check);
});

test('an item of another kind is a WireError', () => {
  for (const check of [undefined, '', '{}', JSON.stringify({ ...noCheck('v'), end: 'else' })])
    expect(() => parseUpstreamCheck({ sk: 'v', check })).toThrow(WireError);
});
