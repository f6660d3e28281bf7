import fc from 'fast-check';
import type { HttpCall, HttpReply } from '#wire/api/http-call.ts';
import { resolveRef, type Schema, valuesOf } from './json-schema.ts';

/** An API whose OpenAPI document says what it takes. */
export interface GarbagePlan {
  readonly document: Schema;
  readonly endpoints: readonly { readonly path: string; readonly method: string }[];
  /** Parts of paths that are there, by the names that the paths give them. */
  readonly knownParts: Readonly<Record<string, readonly string[]>>;
  readonly queries: readonly string[];
  readonly claims: fc.Arbitrary<HttpCall['claims']>;
  /** What a body becomes before it is sent; so that nothing is stored whoever sends it, if that is the point. */
  readonly spoil: (body: unknown) => unknown;
  /** Of bodies, how many are as the document wants them, but for being spoilt: 0 to 1. */
  readonly soundShare: number;
}

type Body = Readonly<{ content: Readonly<Record<string, { schema: Schema }>> }>;

const bodySchemas = (document: Schema, path: string, method: string): readonly Schema[] => {
  const operations = (document['paths'] as Record<string, Record<string, { requestBody?: Body }>>)[path];
  const schema = operations?.[method.toLowerCase()]?.requestBody?.content['application/json']?.schema;
  if (schema === undefined) return [];
  const { anyOf } = resolveRef(document, String(schema['$ref'])) as { anyOf?: readonly Schema[] };
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

/** Whatever else it is, it has a key that nothing has, or is no mapping; so that nobody may store it. */
export const unstorable = (value: unknown): unknown => {
  if (isMapping(value)) return { ...value, '~': [] };
  return Array.isArray(value) ? [...value, '~'] : value;
};

const anyBody = ({ document, spoil, soundShare }: GarbagePlan, schemas: readonly Schema[]): fc.Arbitrary<string> => {
  const sound = fc.oneof(...schemas.map((schema) => valuesOf(document, schema)));
  const documents = fc
    .tuple(fc.oneof(sound, anything), anything, fc.nat())
    .map(([value, garbage, at]) => JSON.stringify(spoil(broken(value, garbage, at))) ?? '');
  return fc.oneof(
    { arbitrary: documents, weight: 20 },
    { arbitrary: sound.map((value) => JSON.stringify(spoil(value))), weight: Math.round(24 * soundShare) },
    { arbitrary: fc.string({ unit: 'binary', maxLength: 40 }), weight: 2 },
    { arbitrary: fc.constantFrom('', '{', '[[[[', '"', 'null', '"~"', '['.repeat(3_000), '{"a":'.repeat(300)), weight: 2 },
  );
};

const anyPart = ({ knownParts }: GarbagePlan, name: string): fc.Arbitrary<string> =>
  fc.oneof(
    { arbitrary: fc.constantFrom(...(knownParts[name] ?? ['000000000000'])), weight: 12 },
    { arbitrary: fc.stringMatching(/^[a-z]{6}$/), weight: 3 },
    { arbitrary: fc.constantFrom('..', '%00', '%ff', '%2f', '__proto__', 'x'.repeat(300)), weight: 1 },
    { arbitrary: fc.string({ maxLength: 12 }).map(encodeURIComponent), weight: 1 },
  );

const anyPath = (plan: GarbagePlan, path: string, method: string): fc.Arbitrary<string> => {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  // What is there would be removed, and rightly so.
  const parts = names.map((name) => (method === 'DELETE' ? fc.stringMatching(/^[a-z]{7}$/) : anyPart(plan, name)));
  return fc.tuple(...parts).map((values) => {
    let at = 0;
    return path.replace(/\{\w+\}/g, () => values[at++] ?? '');
  });
};

const anyQuery = ({ queries }: GarbagePlan): fc.Arbitrary<string> =>
  fc.oneof(
    { arbitrary: fc.constant(''), weight: 12 },
    { arbitrary: fc.constantFrom(...queries), weight: 3 },
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

/** Claims that no identity provider would make. */
export const strangeClaims: fc.Arbitrary<HttpCall['claims']> = fc.record({
  sub: fc.jsonValue({ maxDepth: 1 }),
  groups: fc.jsonValue({ maxDepth: 1 }),
});

const anyCall = (plan: GarbagePlan): fc.Arbitrary<Partial<HttpCall>> =>
  fc.oneof(
    ...plan.endpoints.map(({ path, method }) => {
      const schemas = bodySchemas(plan.document, path, method);
      const arbitrary = fc.record({
        method: fc.oneof(
          { arbitrary: fc.constant(method), weight: 20 },
          { arbitrary: fc.constantFrom('TRACE', '', 'HEAD', 'OPTIONS', 'get'), weight: 1 },
        ),
        path: anyPath(plan, path, method),
        query: anyQuery(plan),
        headers: anyHeaders,
        body: schemas.length > 0 ? anyBody(plan, schemas) : fc.constantFrom('', '{}', '{'),
        claims: plan.claims,
      });
      return { arbitrary, weight: schemas.length > 0 ? 4 : 1 };
    }),
  );

export interface GarbageAnswers {
  /** How often which was answered. */
  readonly statuses: ReadonlyMap<number, number>;
  /** What should never be answered, with the call. */
  readonly faults: readonly unknown[];
}

const AT_ONCE = 8;

/** So many calls, the same ones every time. */
export const sendGarbage = async (
  plan: GarbagePlan,
  numRuns: number,
  send: (call: Partial<HttpCall>) => Promise<HttpReply>,
): Promise<GarbageAnswers> => {
  const calls = fc.sample(anyCall(plan), { numRuns, seed: 20_260_115 });
  const statuses = new Map<number, number>();
  const faults: unknown[] = [];
  const work = async (): Promise<void> => {
    for (let call = calls.pop(); call !== undefined; call = calls.pop()) {
      const { statusCode, body } = await send(call);
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
      if (statusCode >= 500 || statusCode < 200) faults.push({ call, statusCode, body });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const counts = [...statuses].toSorted().map(([status, count]) => `${status} ${count}`);
  console.log(`statuses: ${counts.join(', ')}`);
  return { statuses, faults };
};
