import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { networkJsonSchema } from '../../../local/print-network-schema.ts';

const published = readFileSync(new URL('../../../docs/network.schema.json', import.meta.url), 'utf8');

test('the published JSON Schema is what `node local/print-network-schema.ts` prints', () => {
  expect(published).toBe(`${JSON.stringify(networkJsonSchema(), undefined, 2)}\n`);
});

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly additionalProperties?: Schema | false;
}

const undescribed = (schema: Schema, path: string): readonly string[] => [
  ...Object.entries(schema.properties ?? {}).flatMap(([key, value]) => [
    ...(value.description === undefined ? [`${path}.${key}`] : []),
    ...undescribed(value, `${path}.${key}`),
  ]),
  ...(schema.items === undefined ? [] : undescribed(schema.items, `${path}[]`)),
  ...(schema.anyOf ?? []).flatMap((one) => undescribed(one, path)),
];

const keysOf = (schema: Schema): readonly string[] => [
  ...Object.entries(schema.properties ?? {}).flatMap(([key, value]) => [key, ...keysOf(value)]),
  ...(schema.items === undefined ? [] : keysOf(schema.items)),
  ...(schema.anyOf ?? []).flatMap(keysOf),
];

test('the reference page names every key', () => {
  const page = readFileSync(new URL('../../../docs/network-file.md', import.meta.url), 'utf8');
  const missing = keysOf(JSON.parse(published) as Schema).filter((key) => !new RegExp(`[.\`# ]${key}[.\`,\\n]`).test(page));
  expect(missing).toEqual([]);
});

const openMappings = (schema: Schema, path: string): readonly string[] => [
  ...(schema.properties !== undefined && schema.additionalProperties !== false ? [path] : []),
  ...Object.entries(schema.properties ?? {}).flatMap(([key, value]) => openMappings(value, `${path}.${key}`)),
  ...(schema.items === undefined ? [] : openMappings(schema.items, `${path}[]`)),
  ...(schema.anyOf ?? []).flatMap((one) => openMappings(one, path)),
];

test('every key has a description, and no mapping takes unknown keys', () => {
  const schema = JSON.parse(published) as Schema;
  expect(undescribed(schema, '')).toEqual([]);
  expect(openMappings(schema, '')).toEqual([]);
});
