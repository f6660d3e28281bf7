import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { readNetworkFile } from '#wire/network-file/read-network-file.ts';
import { type Json, read } from './reading.ts';

describe('garbage', () => {
  const isLocated = (text: string): void => {
    const loaded = read(text);
    if (loaded.kind === 'ok') return;
    const lines = text.split('\n').length;
    expect(loaded.problems.length).toBeGreaterThan(0);
    for (const { line, column, message } of loaded.problems) {
      expect(line >= 1 && line <= lines && column >= 1 && message.length > 0, JSON.stringify({ line, column, message })).toBe(
        true,
      );
    }
  };

  test('any JSON in place of any value gives problems with positions', () => {
    const example = (name: string) => readFileSync(new URL(`../../../examples/${name}.yaml`, import.meta.url), 'utf8');
    const { content } = parse(example('unified-mirror')) as Json;
    const base = { ...(parse(example('fedora')) as Json), content } as unknown as Json;
    const paths = (value: unknown, at: readonly string[]): readonly (readonly string[])[] =>
      typeof value === 'object' && value !== null
        ? [at, ...Object.entries(value).flatMap(([key, one]) => paths(one, [...at, key]))]
        : [at];
    const all = paths(base, []).filter((path) => path.length > 0);
    fc.assert(
      fc.property(fc.constantFrom(...all), fc.jsonValue(), (path, value) => {
        const file = structuredClone(base);
        const parent = path.slice(0, -1).reduce<Json>((node, key) => node[key]!, file);
        Object.defineProperty(parent, path.at(-1)!, { value, enumerable: true, configurable: true, writable: true });
        isLocated(stringify(file));
      }),
      { numRuns: 150 },
    );
  });

  test('a file with pieces cut out, doubled or replaced gives problems with positions', () => {
    const text = readFileSync(new URL('../../../examples/pypi.yaml', import.meta.url), 'utf8');
    const edit = fc.record({
      at: fc.nat({ max: text.length }),
      length: fc.nat({ max: 40 }),
      insert: fc.string({ maxLength: 12 }),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        isLocated(edits.reduce((left, { at, length, insert }) => left.slice(0, at) + insert + left.slice(at + length), text));
      }),
      { numRuns: 200 },
    );
  });

  test('any text and any bytes give problems with positions', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), isLocated));
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(['ok', 'invalid']).toContain(readNetworkFile(bytes, (path) => path).kind);
      }),
    );
  });
});
