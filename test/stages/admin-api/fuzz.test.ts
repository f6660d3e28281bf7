import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HttpCall } from '#wire/api/http-call.ts';
import { openApiDocument } from '../../../functions/admin-api/openapi/openapi-document.ts';
import { ROUTES } from '../../../functions/admin-api/routes.ts';
import { adminSetup, claimsOf, type Who } from '../../support/admin-setup.ts';
import { useEmulators } from '../../support/emulators.ts';
import { resolveRef, type Schema, valuesOf } from '../../support/json-schema.ts';

const emulators = useEmulators();
const DOCUMENT = openApiDocument();
const REQUESTS = 10_000;
const AT_ONCE = 8;

const ENDPOINTS = [
  ...ROUTES.flatMap(({ path, methods }) => Object.keys(methods).map((method) => ({ path, method }))),
  { path: '/api/openapi.json', method: 'GET' },
];

type Body = Readonly<{ content: Readonly<Record<string, { schema: Schema }>> }>;

const bodySchemas = (path: string, method: string): readonly Schema[] => {
  const operations = (DOCUMENT['paths'] as Record<string, Record<string, { requestBody?: Body }>>)[path];
  const schema = operations?.[method.toLowerCase()]?.requestBody?.content['application/json']?.schema;
  if (schema === undefined) return [];
  const { anyOf } = resolveRef(DOCUMENT, String(schema['$ref'])) as { anyOf?: readonly Schema[] };
  return anyOf ?? [schema];
};

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Values of any kind, hostile names among them. */
const anything: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    '',
    '\u0000',
    '\u2028',
    '💥'.repeat(50),
    'x'.repeat(5_000),
    -1,
    1e308,
    Number.MAX_SAFE_INTEGER,
    [],
    {},
    null,
    true,
  ),
  fc.constant(JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":1},"toString":1}') as unknown),
  fc.constantFrom(
    'https://[::1]/x',
    'http://169.254.169.254/latest',
    'file:///etc/passwd',
    'https://a@b/',
    '10.0.0.0/8',
    '0.0.0.0/0',
  ),
);

/** A value of the schema of which some part became something else. */
const broken = (value: unknown, garbage: unknown, at: number): unknown => {
  if (Array.isArray(value) && value.length > 0) {
    return value.map((one, index) => (index === at % value.length ? broken(one, garbage, at >> 2) : one));
  }
  if (isMapping(value) && Object.keys(value).length > 0 && at % 5 !== 0) {
    const keys = Object.keys(value);
    const key = keys[at % keys.length] ?? '';
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, name === key ? broken(one, garbage, at >> 2) : one]),
    );
  }
  return garbage;
};

/** Whatever else it is, it has a key that nothing has, or is no mapping; so that no administrator may store it. */
const unstorable = (value: unknown): unknown => {
  if (isMapping(value)) return { ...value, '~': [] };
  return Array.isArray(value) ? [...value, '~'] : value;
};

const anyBody = (schemas: readonly Schema[]): fc.Arbitrary<string> => {
  const shaped = fc.oneof(...schemas.map((schema) => valuesOf(DOCUMENT, schema)), anything);
  const documents = fc
    .tuple(shaped, anything, fc.nat())
    .map(([value, garbage, at]) => JSON.stringify(unstorable(broken(value, garbage, at))) ?? '');
  return fc.oneof(
    { arbitrary: documents, weight: 20 },
    { arbitrary: fc.string({ unit: 'binary', maxLength: 40 }), weight: 2 },
    { arbitrary: fc.constantFrom('', '{', '[[[[', '"', 'null', '"~"', '['.repeat(3_000), '{"a":'.repeat(300)), weight: 2 },
  );
};

const KNOWN_PARTS: Readonly<Record<string, readonly string[]>> = {
  section: ['policies', 'locks', 'content', 'aliases', 'disabled', 'network', 'countryOverrides', 'continentOverrides'],
  id: ['a.example.org', 'linux', 'alpha', 'new'],
};

const anyPart = (name: string): fc.Arbitrary<string> =>
  fc.oneof(
    { arbitrary: fc.constantFrom(...(KNOWN_PARTS[name] ?? ['000000000000'])), weight: 12 },
    { arbitrary: fc.stringMatching(/^[a-z]{6}$/), weight: 3 },
    { arbitrary: fc.constantFrom('..', '%00', '%ff', '%2f', '__proto__', 'x'.repeat(300)), weight: 1 },
    { arbitrary: fc.string({ maxLength: 12 }).map(encodeURIComponent), weight: 1 },
  );

const anyPath = (path: string, method: string): fc.Arbitrary<string> => {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  // What is there would be removed, and rightly so.
  const parts = names.map((name) => (method === 'DELETE' ? fc.stringMatching(/^[a-z]{7}$/) : anyPart(name)));
  return fc.tuple(...parts).map((values) => {
    let at = 0;
    return path.replace(/\{\w+\}/g, () => values[at++] ?? '');
  });
};

const anyQuery = fc.oneof(
  { arbitrary: fc.constant(''), weight: 12 },
  {
    arbitrary: fc.constantFrom(
      'dryRun=true',
      'dryRun=false',
      'dryRun',
      'limit=5',
      'limit=-1',
      'after=%ff',
      'after=99',
      'site=alpha',
    ),
    weight: 3,
  },
  { arbitrary: fc.string({ maxLength: 20 }), weight: 1 },
);

const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  ['content-type', ['application/merge-patch+json', 'application/json; charset=x', 'text/plain', '']],
  ['if-match', ['*', '"x"', '', ',,,', 'W/"x"']],
  ['if-none-match', ['*', '"x"', '\u0000']],
  ['idempotency-key', ['k', '', 'x'.repeat(500), 'ü']],
];

const anyHeaders: fc.Arbitrary<Record<string, string>> = fc.oneof(
  { arbitrary: fc.constant({}), weight: 8 },
  ...HEADERS.map(([name, values]) => ({ arbitrary: fc.constantFrom(...values).map((value) => ({ [name]: value })), weight: 1 })),
);

const anyClaims: fc.Arbitrary<HttpCall['claims']> = fc.oneof(
  { arbitrary: fc.constantFrom<Who>('wendy', 'wendy', 'alice', 'bob', 'carol', 'nobody').map(claimsOf), weight: 12 },
  { arbitrary: fc.constant({ sub: 'wendy', groups: '[staff wranglers]' }), weight: 2 },
  { arbitrary: fc.record({ sub: fc.jsonValue({ maxDepth: 1 }), groups: fc.jsonValue({ maxDepth: 1 }) }), weight: 1 },
);

const anyCall: fc.Arbitrary<Partial<HttpCall>> = fc.oneof(
  ...ENDPOINTS.map(({ path, method }) => {
    const schemas = bodySchemas(path, method);
    const arbitrary = fc.record({
      method: fc.oneof(
        { arbitrary: fc.constant(method), weight: 20 },
        { arbitrary: fc.constantFrom('TRACE', '', 'HEAD', 'OPTIONS', 'get'), weight: 1 },
      ),
      path: anyPath(path, method),
      query: anyQuery,
      headers: anyHeaders,
      body: schemas.length > 0 ? anyBody(schemas) : fc.constantFrom('', '{}', '{'),
      claims: anyClaims,
    });
    return { arbitrary, weight: schemas.length > 0 ? 4 : 1 };
  }),
);

test(`${REQUESTS} requests of garbage are answered with what is wrong with them, and write nothing`, {
  timeout: 180_000,
}, async () => {
  const setup = await adminSetup(emulators);
  const before = await setup.contents();
  const calls = fc.sample(anyCall, { numRuns: REQUESTS, seed: 20_260_115 });
  const statuses = new Map<number, number>();
  const faults: unknown[] = [];
  const work = async (): Promise<void> => {
    for (let call = calls.pop(); call !== undefined; call = calls.pop()) {
      const { statusCode, body } = await setup.send(call);
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
      if (statusCode >= 500 || statusCode < 200) faults.push({ call, statusCode, body });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  console.log(
    `statuses: ${[...statuses]
      .toSorted()
      .map(([status, count]) => `${status} ${count}`)
      .join(', ')}`,
  );
  expect(setup.logged).toEqual([]);
  expect(faults).toEqual([]);
  expect(await setup.contents()).toBe(before);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  // Garbage that never comes as far as the checks would show nothing.
  expect(statuses.get(422) ?? 0).toBeGreaterThan(REQUESTS / 20);
});
