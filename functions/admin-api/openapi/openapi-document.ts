import type { Method } from '#wire/api/route-table.ts';
import { SECTIONS } from '../document-part.ts';
import { ROUTES } from '../routes.ts';
import { arrayOf, entitySchemas, type JsonSchema, ref, SECTION_SCHEMAS, text } from './entity-schemas.ts';
import { EXAMPLES } from './examples.ts';
import { HOST_OPERATIONS, HOST_QUERIES } from './host-operations.ts';
import { hostSchemas } from './host-schemas.ts';
import { type Described, OPERATIONS } from './operations.ts';
import { VOLUME_OPERATIONS, VOLUME_QUERIES } from './volume-operations.ts';
import { volumeSchemas } from './volume-schemas.ts';

const PARAMETERS: Readonly<Record<string, JsonSchema>> = {
  limit: { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 500, default: 100 } },
  after: { name: 'after', in: 'query', description: '`next` of the page before.', schema: text() },
  before: {
    name: 'before',
    in: 'query',
    description: '`next` of the page before, or the version of its last entry.',
    schema: { type: 'integer', minimum: 1 },
  },
  mode: { name: 'mode', in: 'query', description: 'Only of this mode.', schema: { enum: ['planned', 'done'] } },
  site: { name: 'site', in: 'query', description: 'Only hosts of this site.', schema: text() },
  dryRun: {
    name: 'dryRun',
    in: 'query',
    description: 'Answers what would change, and changes nothing.',
    schema: { type: 'boolean', default: false },
  },
};

const header = (name: string, description: string): JsonSchema => ({ name, in: 'header', description, schema: text() });

const IF_NONE_MATCH_READ = header('If-None-Match', '`ETag` of an earlier answer; 304 when it still holds.');
const IDEMPOTENCY = header('Idempotency-Key', 'The same request under the same key is done once and answered twice, for a day.');
const PRECONDITIONS = [
  header('If-Match', '`ETag` of what was read; 412 when it is another by now.'),
  header('If-None-Match', '`*`: only if there is none yet; 412 otherwise.'),
];

const ERRORS: Readonly<Record<number, string>> = {
  400: 'The request is malformed: path, parameters or JSON.',
  401: 'No token of the identity provider, or one without a name.',
  403: 'Not allowed; `problems` names the fields if only some of them are not.',
  404: 'There is no such thing.',
  409: 'The rest of the network does not allow it.',
  412: 'It is not what `If-Match` or `If-None-Match` says.',
  413: 'The body is longer than 1 MiB.',
  415: 'Another media type.',
  422: 'What was sent cannot be stored; `problems` says why, field by field. Or a reused Idempotency-Key.',
  429: 'Too soon after the last time; see Retry-After.',
  503: 'Not now; see Retry-After.',
};

const ofType = (schema: JsonSchema, type = 'application/json'): JsonSchema => ({ [type]: { schema } });

const errorResponse = (status: number): readonly [string, JsonSchema] => [
  String(status),
  { description: ERRORS[status] ?? '', content: ofType(ref('Error')) },
];

const bodyOf = ({ body }: Described): JsonSchema | undefined => {
  if (body === undefined) return undefined;
  const example = (EXAMPLES as Readonly<Record<string, unknown>>)[body.name ?? ''];
  const content = { schema: body.schema, ...(example !== undefined && { example }) };
  const types = body.patch === true ? ['application/merge-patch+json', 'application/json'] : ['application/json'];
  return { required: true, content: Object.fromEntries(types.map((type) => [type, content])) };
};

const ETAG = { ETag: { description: 'Digest of the entity.', schema: text() } };

const responsesOf = (described: Described, dryRun: boolean): JsonSchema => {
  const wanted = Object.entries(described.replies).map(([status, reply = { description: '' }]): readonly [string, JsonSchema] => {
    const alternatives = dryRun && status === '200' && reply.schema !== undefined;
    const schema = alternatives ? { anyOf: [reply.schema, ref('DryRun')] } : reply.schema;
    return [
      status,
      {
        description: reply.description,
        ...(reply.tagged === true && { headers: ETAG }),
        ...(schema !== undefined && { content: ofType(schema, reply.type) }),
      },
    ];
  });
  return Object.fromEntries([...wanted, ...described.errors.map(errorResponse)]);
};

const pathParameters = (path: string): readonly JsonSchema[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: name === 'section' ? { enum: SECTIONS } : text(),
  }));

const headerParameters = (method: Method, described: Described): readonly JsonSchema[] => {
  if (method === 'GET') return described.replies[200]?.tagged === true ? [IF_NONE_MATCH_READ] : [];
  return [...(method === 'POST' ? [] : PRECONDITIONS), ...(described.repeatable === true ? [IDEMPOTENCY] : [])];
};

const operationOf = (path: string, method: Method, query: readonly string[], described: Described): JsonSchema => {
  const requestBody = bodyOf(described);
  return {
    operationId: described.id,
    summary: described.summary,
    tags: [described.tag],
    ...(described.security !== undefined && { security: [{ [described.security]: [] }] }),
    parameters: [...pathParameters(path), ...query.map((name) => PARAMETERS[name] ?? {}), ...headerParameters(method, described)],
    ...(requestBody !== undefined && { requestBody }),
    responses: responsesOf(described, query.includes('dryRun')),
  };
};

interface Place {
  readonly path: string;
  readonly method: Method;
  readonly query: readonly string[];
  readonly described: Described;
}

const ownPlaces = (): readonly Place[] =>
  ROUTES.flatMap(({ path, methods }) =>
    Object.entries(methods).map(([method, { query }]) => {
      const described = OPERATIONS[`${method} ${path}`];
      if (described === undefined) throw new TypeError(`${method} ${path} is not described`);
      return { path, method: method as Method, query, described };
    }),
  );

type Named<Value> = Readonly<Record<string, Value>>;

/** Of the functions beside, by METHOD and path. */
const otherPlaces = (operations: Named<Described>, queries: Named<readonly string[]>): readonly Place[] =>
  Object.entries(operations).map(([name, described]) => {
    const [method = '', path = ''] = name.split(' ');
    return { path, method: method as Method, query: queries[name] ?? [], described };
  });

const allPlaces = (): readonly Place[] => [
  ...ownPlaces(),
  ...otherPlaces(HOST_OPERATIONS, HOST_QUERIES),
  ...otherPlaces(VOLUME_OPERATIONS, VOLUME_QUERIES),
];

const paths = (): JsonSchema => {
  const found = new Map<string, Record<string, JsonSchema>>();
  for (const { path, method, query, described } of allPlaces()) {
    const operation = operationOf(path, method, query, described);
    found.set(path, { ...found.get(path), [method.toLowerCase()]: operation });
  }
  return Object.fromEntries(found);
};

const made = (): JsonSchema => ({
  openapi: '3.1.0',
  info: {
    title: 'Mirrortide network',
    version: '1.0.0',
    description:
      'People administer sites, hosts, categories and settings of a network of mirrors, in the shape of its network file; what they may follows from the groups of their token and from `admins` of sites. Hosts check in, and announce when they synchronise. Publishers store releases of volumes, which are checked, released and taken back whole.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  security: [{ token: [] }],
  tags: ['network', 'sites', 'hosts', 'categories', 'audit', 'check-in', 'synchronisation', 'volumes', 'garbage'].map((name) => ({
    name,
  })),
  paths: paths(),
  components: {
    schemas: {
      ...entitySchemas(),
      ...hostSchemas(),
      ...volumeSchemas(),
      Settings: { anyOf: Object.values(SECTION_SCHEMAS).map(ref) },
      SettingsPatch: {
        anyOf: [{ type: 'object', description: 'Merge patch (RFC 7396) of a section.' }, arrayOf({})],
      },
    },
    securitySchemes: {
      token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'Of the identity provider.' },
      hostToken: { type: 'http', scheme: 'bearer', description: 'Of a host: `mth~HOST~ID~SECRET`.' },
    },
  },
});

let held: JsonSchema | undefined;

/** OpenAPI 3.1, from the routes and from the schemas that validate; made once. */
export const openApiDocument = (): JsonSchema => {
  held ??= made();
  return held;
};
