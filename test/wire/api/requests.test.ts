import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { passesIfMatch, passesIfNoneMatch } from '#wire/api/entity-tags.ts';
import { parseJsonBody } from '#wire/api/json-body.ts';
import { mergePatch } from '#wire/api/merge-patch.ts';
import { parseTokenWish } from '#wire/api/token-wish.ts';
import { LONGEST_ENTITY_BYTES, parseAuditEntry, printAuditEntry } from '#wire/audit-item.ts';
import { parseKeptReply, printKeptReply } from '#wire/remembered-reply.ts';

describe('a merge patch', () => {
  // RFC 7396, appendix A.
  test.each<[unknown, unknown, unknown]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('of %j with %j gives %j', (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result);
  });

  test('takes hostile names for names', () => {
    const merged = mergePatch({}, JSON.parse('{"__proto__":{"polluted":true}}')) as object;
    expect(Object.hasOwn(merged, '__proto__')).toBe(true);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('twice is the same as once', () => {
    const json = fc.jsonValue({ maxDepth: 4 });
    fc.assert(
      fc.property(json, json, (target, patch) => {
        const once = mergePatch(target, patch);
        expect(mergePatch(once, patch)).toEqual(once);
      }),
    );
  });
});

describe('a condition on a tag', () => {
  test('lets through what RFC 9110 says', () => {
    const tag = '"a"';
    expect([undefined, '*', '"a"', '"b", "a"', '"b"', 'W/"a"', ''].map((header) => passesIfMatch(header, tag))).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    expect([undefined, '*', '"a"'].map((header) => passesIfMatch(header, undefined))).toEqual([true, false, false]);
    expect([undefined, '*', '"a"', 'W/"a"', '"b"'].map((header) => passesIfNoneMatch(header, tag))).toEqual([
      true,
      false,
      false,
      false,
      true,
    ]);
    expect(['*', '"a"'].map((header) => passesIfNoneMatch(header, undefined))).toEqual([true, true]);
  });
});

describe('a body', () => {
  const parse = (body: string, headers: Record<string, string> = {}, most = 100) => {
    const parsed = parseJsonBody({ body, headers }, ['application/json'], most);
    return parsed.kind === 'value' ? parsed.value : parsed.reply.statusCode;
  };

  test('is JSON of a known media type, no longer and no deeper than allowed', () => {
    expect(parse('{"a":[1]}')).toEqual({ a: [1] });
    expect(parse('{"a":[1]}', { 'content-type': 'Application/JSON; charset=utf-8' })).toEqual({ a: [1] });
    expect(parse('{}', { 'content-type': 'text/yaml' })).toBe(415);
    expect(parse('')).toBe(400);
    expect(parse('{')).toBe(400);
    expect(parse(`"${'x'.repeat(98)}"`)).toBe('x'.repeat(98));
    expect(parse(`"${'x'.repeat(99)}"`)).toBe(413);
    expect(parse(`"${'ü'.repeat(50)}"`)).toBe(413);
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(parse(nested(20))).toEqual(JSON.parse(nested(20)));
    expect(parse(nested(40))).toBe(400);
    expect(parse(nested(100_000), {}, 1_000_000)).toBe(400);
  });
});

test('a wish for a token is a label and perhaps a lifetime', () => {
  expect(parseTokenWish({ label: 'x' })).toEqual({ kind: 'ok', label: 'x', lifetimeMs: undefined });
  expect(parseTokenWish({ label: 'x', lifetime: '90d' })).toEqual({ kind: 'ok', label: 'x', lifetimeMs: 90 * 86_400_000 });
  for (const wrong of [null, [], 'x', {}, { label: '' }, { label: 'x', lifetime: '1s' }, { label: 'x', more: 1 }]) {
    expect(parseTokenWish(wrong)).toMatchObject({ kind: 'invalid' });
  }
});

test('an entry of the trail comes back as it was written, cut only where a table could not hold it', () => {
  const entry = {
    revision: 7,
    atMs: 1,
    by: 'user:ü',
    operation: 'change' as const,
    entity: 'host/x',
    before: null,
    after: { id: 'x', comment: '\u2028' },
    requestId: 'r',
  };
  expect(parseAuditEntry(printAuditEntry(entry))).toEqual(entry);
  const long = { ...entry, before: 'x'.repeat(LONGEST_ENTITY_BYTES) };
  expect(parseAuditEntry(printAuditEntry(long))).toEqual({ ...entry, before: { omitted: `${LONGEST_ENTITY_BYTES + 2} bytes` } });
  for (const text of ['', '{}', '{"v":2}', 'null']) expect(() => parseAuditEntry(text)).toThrow('audit entry');
});

test('a kept reply comes back as it was', () => {
  const reply = { fingerprint: 'f', statusCode: 201, headers: { etag: '"x"' }, body: '{"a":"ü"}\n' };
  expect(parseKeptReply(printKeptReply(reply))).toEqual(reply);
  expect(() => parseKeptReply('{}')).toThrow('kept reply');
});
