import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fault } from '#domain/errors.ts';
import { jsonLog } from '#lambda/json-log.ts';

const NOW = new Date('2026-11-21T03:00:00.000Z');

const logged = (message: string, fields?: Readonly<Record<string, unknown>>): string => {
  const lines: string[] = [];
  jsonLog(
    (line) => lines.push(line),
    () => NOW,
  ).warn(message, fields);
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
};

test('a line holds time, level, message and fields', () => {
  expect(JSON.parse(logged('held', { host: 'a', untilMs: 5 }))).toEqual({
    host: 'a',
    untilMs: 5,
    time: '2026-11-21T03:00:00.000Z',
    level: 'warn',
    message: 'held',
  });
});

test('fields cannot pass themselves off as level or message', () => {
  expect(JSON.parse(logged('held', { level: 'info', message: 'fine', time: 'never' }))).toMatchObject({
    level: 'warn',
    message: 'held',
    time: NOW.toISOString(),
  });
});

test('an error comes with its causes', () => {
  const error = new Fault('writing failed', { cause: new TypeError('fetch', { cause: 'ECONNRESET' }) });
  const { stack, ...rest } = JSON.parse(logged('failed', { error })).error;
  expect(rest).toEqual({
    name: 'Fault',
    message: 'writing failed',
    cause: { name: 'TypeError', message: 'fetch', cause: 'ECONNRESET' },
  });
  expect(stack).toContain('json-log.test.ts');
});

test('an endless chain of causes ends', () => {
  const error = new Error('a');
  error.cause = new Error('b', { cause: error });
  expect(JSON.parse(logged('failed', { error })).error.message).toBe('a');
});

const circular: Record<string, unknown> = {};
circular['self'] = circular;
const trapped = {
  get host(): string {
    throw new RangeError('not now');
  },
};

test.each([
  [{ circular, size: 5n }, 'TypeError'],
  [trapped, 'RangeError'],
])('fields that cannot be printed do not take the message with them', (fields, unprintable) => {
  expect(JSON.parse(logged('held', fields))).toEqual({ time: NOW.toISOString(), level: 'warn', message: 'held', unprintable });
});

test('long text is cut', () => {
  expect(JSON.parse(logged('held', { body: 'x'.repeat(9_999) })).body).toBe(`${'x'.repeat(4_000)}… (9999 characters)`);
});

test('no control character and no line end gets out raw, and every text comes back as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (text) => {
      const line = logged('seen', { text: `${text}\u001b[2J\u009b\u2028\n` });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(line).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]|\n./);
      expect(JSON.parse(line).text).toBe(`${text}\u001b[2J\u009b\u2028\n`);
    }),
  );
});
