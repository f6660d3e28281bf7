import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EXAMPLES } from '../../../functions/admin-api/openapi/examples.ts';
import { HOST_OPERATIONS } from '../../../functions/admin-api/openapi/host-operations.ts';
import { openApiDocument } from '../../../functions/admin-api/openapi/openapi-document.ts';
import { OPERATIONS } from '../../../functions/admin-api/openapi/operations.ts';
import { VOLUME_OPERATIONS } from '../../../functions/admin-api/openapi/volume-operations.ts';
import { ROUTES } from '../../../functions/admin-api/routes.ts';
import { SYNC_ROUTES } from '../../../functions/hosts-api/sync-routes.ts';
import { ROUTES as VOLUME_ROUTES } from '../../../functions/volumes-api/routes.ts';
import { adminSetup, bodyOf, NETWORK } from '../../support/admin-setup.ts';
import { useEmulators } from '../../support/emulators.ts';
import { resolveRef, type Schema, valuesOf, violations } from '../../support/json-schema.ts';

const emulators = useEmulators();
const DOCUMENT = openApiDocument();

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema: Schema; readonly example?: unknown }>>;
  readonly description?: string;
}
interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

const PATHS = DOCUMENT['paths'] as Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
const OPERATION_LIST = Object.entries(PATHS).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

/** Of this function. */
const OWN = OPERATION_LIST.filter(({ path, method }) => OPERATIONS[`${method} ${path}`] !== undefined);

const everySchema = function* (value: unknown): Generator<Schema> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Schema;
  for (const one of Object.values(value)) yield* everySchema(one);
};

describe('the OpenAPI document', () => {
  test('is served to everybody, and is what a client generator needs: names, parameters, bodies, replies', async () => {
    const { send } = await adminSetup(emulators);
    const reply = await send({ path: '/api/openapi.json' });
    expect(reply.statusCode).toBe(200);
    expect(JSON.parse(reply.body)).toEqual(JSON.parse(JSON.stringify(DOCUMENT)));
    expect(DOCUMENT).toMatchObject({ openapi: '3.1.0', info: { title: expect.any(String), version: expect.any(String) } });
    const ids = OPERATION_LIST.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, method, operation } of OPERATION_LIST) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = operation.parameters.filter((one) => one.in === 'path' && one.required === true);
      expect(declared.map(({ name }) => name)).toEqual(named);
      expect(new Set(operation.parameters.map((one) => `${one.in} ${one.name}`)).size).toBe(operation.parameters.length);
      expect(Object.keys(operation.responses).some((status) => status.startsWith('2'))).toBe(true);
      expect(operation.requestBody !== undefined).toBe(
        method !== 'GET' && method !== 'DELETE' && operation.operationId !== 'checkProof',
      );
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(response.description).not.toBe('');
        if (status !== '204' && status !== '304') expect(Object.values(response.content ?? {})[0]?.schema).toBeDefined();
      }
    }
  });

  test('describes every endpoint, and no other', () => {
    const own = ROUTES.flatMap(({ path, methods }) => Object.keys(methods).map((method) => `${method} ${path}`));
    expect(Object.keys(OPERATIONS).toSorted()).toEqual(own.toSorted());
    const all = OPERATION_LIST.map(({ path, method }) => `${method} ${path}`);
    const others = [...Object.keys(HOST_OPERATIONS), ...Object.keys(VOLUME_OPERATIONS)];
    expect(all.toSorted()).toEqual([...own, ...others].toSorted());
    const ofVolumes = VOLUME_ROUTES.flatMap(({ path, methods }) => Object.keys(methods).map((method) => `${method} ${path}`));
    expect(Object.keys(VOLUME_OPERATIONS).toSorted()).toEqual(ofVolumes.toSorted());
    // The routes of hosts are expressions: each of them is described, and what is described is one of them.
    const described = Object.keys(HOST_OPERATIONS)
      .map((name) => (name.split(' ')[1] ?? '').replace(/\{\w+\}/g, 'x'))
      .filter((path) => path !== '/api/v1/checkins');
    for (const { path } of SYNC_ROUTES) expect(described.filter((one) => path.test(one))).not.toEqual([]);
    for (const one of described) expect(SYNC_ROUTES.some(({ path }) => path.test(one))).toBe(true);
  });

  test('refers to nothing that is not in it', () => {
    const refs = [...everySchema(DOCUMENT)].flatMap((schema) => (typeof schema['$ref'] === 'string' ? [schema['$ref']] : []));
    expect(refs.length).toBeGreaterThan(50);
    for (const ref of refs) expect(resolveRef(DOCUMENT, ref)).toBeDefined();
  });

  test('has examples that fit its schemas and that the endpoints accept, one after another', async () => {
    const { ask } = await adminSetup(emulators, {
      ...NETWORK,
      hosts: [],
      sites: [],
      // A network needs a category.
      categories: [{ id: 'first', master: '/srv/first' }],
    });
    const schemas = (DOCUMENT['components'] as { schemas: Readonly<Record<string, Schema>> }).schemas;
    for (const [name, example] of Object.entries(EXAMPLES)) {
      expect(violations(DOCUMENT, schemas[name] ?? {}, JSON.parse(JSON.stringify(example)))).toEqual([]);
    }
    const steps = [
      ['PUT', '/api/v1/sites/example-university', EXAMPLES.Site],
      ['PUT', '/api/v1/categories/linux', EXAMPLES.Category],
      ['PUT', '/api/v1/hosts/mirror.example.org', EXAMPLES.Host],
      ['POST', '/api/v1/hosts/mirror.example.org/tokens', EXAMPLES.TokenWish],
      ['PATCH', '/api/v1/sites/example-university', EXAMPLES.SitePatch],
      ['PATCH', '/api/v1/hosts/mirror.example.org', EXAMPLES.HostPatch],
      ['PATCH', '/api/v1/categories/linux', EXAMPLES.CategoryPatch],
    ] as const;
    for (const [method, path, body] of steps) {
      const { statusCode } = await ask('wendy', method, path, { body });
      expect([method, path, statusCode]).toEqual([method, path, method === 'PATCH' ? 200 : 201]);
    }
  });

  test('says what the replies are', async () => {
    const { ask, clock } = await adminSetup(emulators);
    const paths: Readonly<Record<string, string>> = {
      '{id}': 'a.example.org',
      '{section}': 'policies',
    };
    const concrete = (path: string): string =>
      path
        .replace('sites/{id}', 'sites/alpha')
        .replace('categories/{id}', 'categories/linux')
        .replace(/\{\w+\}/g, (part) => paths[part] ?? 'x');
    await ask('wendy', 'PATCH', '/api/v1/hosts/a.example.org', { body: { pending: true } });
    await ask('alice', 'POST', '/api/v1/hosts/a.example.org/tokens', { body: { label: 'x' } });
    await ask('alice', 'POST', '/api/v1/hosts/a.example.org/proof');
    clock.nowMs += 60_000;
    const bodies: Readonly<Record<string, unknown>> = {
      issueToken: { label: 'y', lifetime: '1d' },
      putSettings: { answer: { maximumHosts: 3 }, ...NETWORK.policies },
      putSite: { admins: ['alice'] },
      putHost: NETWORK.hosts[0],
      putCategory: NETWORK.categories[1],
    };
    for (const { path, method, operation } of OWN.toSorted((a, b) => a.method.localeCompare(b.method)).reverse()) {
      for (const who of ['wendy', 'carol', 'nobody'] as const) {
        const body = bodies[operation.operationId] ?? (method === 'PATCH' ? {} : undefined);
        const reply = await ask(who, method, concrete(path), body === undefined ? {} : { body });
        const described = operation.responses[reply.statusCode];
        expect([operation.operationId, reply.statusCode, described !== undefined]).toEqual([
          operation.operationId,
          reply.statusCode,
          true,
        ]);
        const schema = described?.content?.['application/json']?.schema;
        if (schema === undefined) expect(reply.body).toBe('');
        else expect(violations(DOCUMENT, schema, bodyOf(reply), operation.operationId)).toEqual([]);
      }
    }
  });

  test('knows every key that the endpoints know: what it accepts is never answered with an unknown key', {
    timeout: 120_000,
  }, async () => {
    const { ask } = await adminSetup(emulators);
    const writes = OWN.filter(({ operation }) => operation.requestBody !== undefined);
    const targets = writes.flatMap((one) => {
      const schema = one.operation.requestBody?.content?.['application/json']?.schema ?? {};
      if (!one.path.includes('{section}')) return [{ ...one, schema, path: one.path.replace('{id}', 'a.example.org') }];
      if (one.method === 'PATCH') return [];
      const { anyOf = [] } = resolveRef(DOCUMENT, String(schema['$ref'])) as { anyOf?: readonly { $ref: string }[] };
      return anyOf.map((section) => {
        const name = section.$ref.split('/').at(-1) ?? '';
        return { ...one, schema: section, path: `/api/v1/settings/${name.charAt(0).toLowerCase()}${name.slice(1)}` };
      });
    });
    expect(targets.length).toBe(15);
    for (const { method, path, schema } of targets) {
      await fc.assert(
        fc.asyncProperty(valuesOf(DOCUMENT, schema), async (body) => {
          const plain = JSON.parse(JSON.stringify(body)) as unknown;
          expect(violations(DOCUMENT, schema, plain)).toEqual([]);
          const reply = await ask('wendy', method, path, { body: plain, query: 'dryRun=true' });
          expect(reply.statusCode).toBeLessThan(500);
          expect(reply.body).not.toMatch(/unknown key|expected a (?:mapping|list|text)/);
        }),
        { numRuns: 60 },
      );
    }
  });
});
