import fc from 'fast-check';

/** The part of JSON Schema (draft 2020-12) that our own documents use: judging values by it, and making them up from it. */
export type Schema = Readonly<Record<string, unknown>>;

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a `$ref` names; throws when there is nothing. */
export const resolveRef = (document: unknown, ref: string): Schema => {
  const found = ref
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((at, key) => (isMapping(at) && Object.hasOwn(at, key) ? at[key] : undefined), document);
  if (!ref.startsWith('#/') || !isMapping(found)) throw new Error(`${ref} names nothing`);
  return found;
};

const KNOWN = new Set(
  '$ref anyOf oneOf const enum type properties required additionalProperties propertyNames maxProperties items minItems maxItems minLength maxLength pattern minimum maximum description default title example'.split(
    ' ',
  ),
);

const typeFits = (type: unknown, value: unknown): boolean => {
  switch (type) {
    case undefined:
      return true;
    case 'object':
      return isMapping(value);
    case 'array':
      return Array.isArray(value);
    case 'null':
      return value === null;
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
};

const number = (schema: Schema, key: string, otherwise: number): number => {
  const value = schema[key];
  return typeof value === 'number' ? value : otherwise;
};

const within = (schema: Schema, size: number, least: string, most: string): boolean =>
  size >= number(schema, least, -Infinity) && size <= number(schema, most, Infinity);

const scalarFits = (schema: Schema, value: unknown): boolean => {
  if (typeof value === 'number') return within(schema, value, 'minimum', 'maximum');
  if (typeof value !== 'string') return true;
  const { pattern } = schema;
  return (
    within(schema, [...value].length, 'minLength', 'maxLength') &&
    (typeof pattern !== 'string' || new RegExp(pattern, 'u').test(value))
  );
};

const mapping = (value: unknown): Readonly<Record<string, Schema>> => (isMapping(value) ? (value as Record<string, Schema>) : {});

const objectViolations = (
  document: unknown,
  schema: Schema,
  value: Readonly<Record<string, unknown>>,
  path: string,
): string[] => {
  const properties = mapping(schema['properties']);
  const missing = ((schema['required'] ?? []) as string[]).filter((key) => !Object.hasOwn(value, key));
  const extra = schema['additionalProperties'];
  return [
    ...missing.map((key) => `${path}.${key} is missing`),
    ...Object.entries(value).flatMap(([key, one]) => {
      if (Object.hasOwn(properties, key)) return violations(document, properties[key] ?? {}, one, `${path}.${key}`);
      if (extra === false) return [`${path}.${key} is unknown`];
      return isMapping(extra) ? violations(document, extra, one, `${path}.${key}`) : [];
    }),
  ];
};

/** Where a value breaks a schema; throws for schemas with words that this does not know. */
export const violations = (document: unknown, schema: Schema, value: unknown, path = '$'): string[] => {
  const unknown = Object.keys(schema).filter((key) => !KNOWN.has(key));
  if (unknown.length > 0) throw new Error(`${path}: unknown words ${unknown.join(', ')}`);
  if (typeof schema['$ref'] === 'string') return violations(document, resolveRef(document, schema['$ref']), value, path);
  const choices = (schema['anyOf'] ?? schema['oneOf']) as readonly Schema[] | undefined;
  if (choices !== undefined) {
    const each = choices.map((one) => violations(document, one, value, path));
    return each.some((one) => one.length === 0) ? [] : [`${path} fits none of ${choices.length}: ${each[0]?.[0] ?? ''}`];
  }
  if ('const' in schema) return value === schema['const'] ? [] : [`${path} is not ${String(schema['const'])}`];
  if (Array.isArray(schema['enum']))
    return schema['enum'].includes(value) ? [] : [`${path} is none of ${schema['enum'].join(', ')}`];
  if (!typeFits(schema['type'], value)) return [`${path} is no ${String(schema['type'])}`];
  if (isMapping(value)) return objectViolations(document, schema, value, path);
  if (!Array.isArray(value)) return scalarFits(schema, value) ? [] : [`${path} is out of its limits`];
  const items = (schema['items'] ?? {}) as Schema;
  const size = within(schema, value.length, 'minItems', 'maxItems') ? [] : [`${path} has ${value.length} entries`];
  return [...size, ...value.flatMap((one, at) => violations(document, items, one, `${path}[${at}]`))];
};

const MOST_ENTRIES = 3;
const LONGEST = 12;

const textOf = (schema: Schema): fc.Arbitrary<string> => {
  if (typeof schema['pattern'] === 'string') return fc.stringMatching(new RegExp(schema['pattern']));
  const minLength = number(schema, 'minLength', 0);
  return fc.string({
    unit: 'grapheme-ascii',
    minLength,
    maxLength: Math.min(number(schema, 'maxLength', LONGEST), minLength + LONGEST),
  });
};

const objectOf = (document: unknown, schema: Schema): fc.Arbitrary<unknown> => {
  const required = new Set((schema['required'] ?? []) as string[]);
  const entries = Object.entries(mapping(schema['properties']));
  const extra = schema['additionalProperties'];
  if (entries.length === 0 && isMapping(extra)) {
    const key = isMapping(schema['propertyNames']) ? valuesOf(document, schema['propertyNames']) : fc.string();
    return fc.dictionary(key.map(String), valuesOf(document, extra), { maxKeys: MOST_ENTRIES });
  }
  return fc.record(Object.fromEntries(entries.map(([key, property]) => [key, valuesOf(document, property)])), {
    requiredKeys: [...required].filter((key) => entries.some(([name]) => name === key)) as never[],
  });
};

/** Values that fit a schema. */
export const valuesOf = (document: unknown, schema: Schema): fc.Arbitrary<unknown> => {
  if (typeof schema['$ref'] === 'string') return valuesOf(document, resolveRef(document, schema['$ref']));
  const choices = (schema['anyOf'] ?? schema['oneOf']) as readonly Schema[] | undefined;
  if (choices !== undefined) return fc.oneof(...choices.map((one) => valuesOf(document, one)));
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
  switch (schema['type']) {
    case 'object':
      return objectOf(document, schema);
    case 'array': {
      const minLength = number(schema, 'minItems', 0);
      const maxLength = Math.min(number(schema, 'maxItems', MOST_ENTRIES), minLength + MOST_ENTRIES);
      return fc.array(valuesOf(document, (schema['items'] ?? {}) as Schema), { minLength, maxLength });
    }
    case 'string':
      return textOf(schema);
    case 'integer':
      return fc.integer({
        min: number(schema, 'minimum', -1_000),
        max: Math.min(number(schema, 'maximum', 1_000_000), 2 ** 31 - 1),
      });
    case 'number':
      return fc
        .double({ min: number(schema, 'minimum', -1e9), max: number(schema, 'maximum', 1e9), noNaN: true })
        .map((value) => value + 0);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
};
