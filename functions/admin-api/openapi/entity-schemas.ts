import { toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import { ROLES } from '#domain/access/actor.ts';
import { AUDITED_OPERATIONS } from '#domain/access/audit-entry.ts';
import { tokenWishSchema } from '#wire/api/token-wish.ts';
import { categorySchema } from '#wire/network-file/category-schema.ts';
import { hostSchema } from '#wire/network-file/host-schema.ts';
import { masterForms } from '#wire/network-file/master-schema.ts';
import { networkFileSchema } from '#wire/network-file/network-file-schema.ts';
import { siteSchema } from '#wire/network-file/site-schema.ts';
import type { Section } from '../document-part.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;
type AnySchema = v.GenericSchema<unknown, unknown>;

export const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

const OPTIONS = { target: 'draft-2020-12', typeMode: 'input', errorMode: 'ignore' } as const;

/** Without what only whole documents have; of a lazy schema the package also keeps a definition that nothing refers to. */
const bare = (json: object): JsonSchema =>
  Object.fromEntries(Object.entries(json).filter(([key]) => key !== '$schema' && key !== '$defs'));

/** What the parser accepts, as far as JSON Schema can say it; references between entries only the endpoint knows. */
export const fromParser = (schema: AnySchema): JsonSchema =>
  bare(
    toJsonSchema(schema, {
      ...OPTIONS,
      overrideSchema: ({ valibotSchema }) =>
        valibotSchema.type === 'lazy' ? bare(toJsonSchema(masterForms, OPTIONS)) : undefined,
    }),
  );

const fileEntries = networkFileSchema.entries as unknown as Readonly<Record<string, AnySchema>>;

const unwrapped = (schema: AnySchema | undefined): AnySchema => {
  if (schema === undefined) throw new TypeError('no such key in the network file');
  return schema.type === 'optional' ? unwrapped((schema as unknown as { wrapped: AnySchema }).wrapped) : schema;
};

export const SECTION_SCHEMAS: Readonly<Record<Section, string>> = {
  network: 'Network',
  policies: 'Policies',
  aliases: 'Aliases',
  disabled: 'Disabled',
  countryOverrides: 'CountryOverrides',
  continentOverrides: 'ContinentOverrides',
  locks: 'Locks',
  content: 'Content',
};

export const object = (properties: Readonly<Record<string, JsonSchema>>, required = Object.keys(properties)): JsonSchema => ({
  type: 'object',
  properties,
  required,
});

export const arrayOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
export const text = (description?: string): JsonSchema => ({ type: 'string', ...(description !== undefined && { description }) });
export const whole = (description: string): JsonSchema => ({ type: 'integer', description });
const EPOCH = 'Milliseconds since 1970-01-01 UTC.';

/** Keys of a merge patch: null takes one away, mappings are merged with what is there, so that no key is required inside. */
const patchOf = (name: string, schema: JsonSchema): JsonSchema => {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
  const patched = Object.entries(properties).map(([key, property]) => {
    const value = property['type'] === 'object' ? { type: 'object', description: property['description'] } : property;
    return [key, { anyOf: [value, { type: 'null' }] }];
  });
  return {
    type: 'object',
    description: `Merge patch (RFC 7396) of a ${name}.`,
    properties: Object.fromEntries(patched),
    additionalProperties: false,
  };
};

const networkFile = (): JsonSchema => ({
  type: 'object',
  description: 'The whole network file; keys that say what holds anyway are left out.',
  properties: {
    version: { const: 1 },
    sites: arrayOf(ref('Site')),
    hosts: arrayOf(ref('Host')),
    categories: arrayOf(ref('Category')),
    ...Object.fromEntries(Object.entries(SECTION_SCHEMAS).map(([section, name]) => [section, ref(name)])),
  },
  required: ['network'],
});

const page = (items: JsonSchema): JsonSchema =>
  object({ items: arrayOf(items), next: text('`after` of the next page; absent on the last.') }, ['items']);

const problem = object({ path: text('Where, inside what was sent; empty for all of it.'), message: text() });

const records = (): Readonly<Record<string, JsonSchema>> => ({
  Error: object(
    {
      kind: text('One word, for programs.'),
      value: text('For people.'),
      problems: arrayOf(problem),
    },
    ['kind', 'value'],
  ),
  DryRun: object({
    dryRun: { const: true },
    operation: { enum: ['create', 'change', 'delete', 'none'] },
    before: { description: 'As it is; null when it is not.' },
    after: { description: 'As it would be; null when it would not be.' },
  }),
  Me: object({
    user: text('As sites name their admins.'),
    role: { enum: ROLES },
    sites: arrayOf(text()),
    mayCreateSites: { type: 'boolean' },
  }),
  AuditEntry: object({
    revision: whole('Counts the changes of the whole network.'),
    atMs: whole(EPOCH),
    by: text('`user:NAME`, or `apply` for a network file that was applied to the table itself.'),
    operation: { enum: AUDITED_OPERATIONS },
    entity: text('`host/ID`, `site/ID`, `category/ID`, `settings/SECTION`, `network`.'),
    before: { description: 'In the shape of the network file; null when there was nothing.' },
    after: { description: 'In the shape of the network file; null when there is nothing.' },
    requestId: text(),
  }),
  Token: object(
    {
      id: text('Names the token; not secret.'),
      label: text(),
      createdMs: whole(EPOCH),
      createdBy: text(),
      expiresMs: whole(EPOCH),
      revokedMs: whole(EPOCH),
      lastUsedMs: whole(`${EPOCH} To the minute.`),
    },
    ['id', 'label', 'createdMs', 'createdBy'],
  ),
  IssuedToken: object(
    { id: text(), token: text('Shown this once; absent in a repetition.'), label: text(), expiresMs: whole(EPOCH) },
    ['id', 'label'],
  ),
  Proof: object(
    {
      state: { enum: ['proved', 'pending'] },
      token: text('What one place of every name must show, and nothing else. Absent until it is asked for by POST.'),
      expiresMs: whole(`${EPOCH} Another token after this.`),
      names: arrayOf(ref('ProofName')),
    },
    ['state', 'names'],
  ),
  ProofName: object(
    {
      name: text('A name, or an address, in the URLs of the host.'),
      files: arrayOf(text('A URL that may show the token.')),
      record: text('A name whose TXT record may show it.'),
      proved: { type: 'boolean' },
      looked: arrayOf(object({ at: text(), found: text() })),
    },
    ['name', 'files'],
  ),
});

/** `components.schemas`. */
export const entitySchemas = (): Readonly<Record<string, JsonSchema>> => {
  const entities = { Site: fromParser(siteSchema), Host: fromParser(hostSchema), Category: fromParser(categorySchema) };
  const sections = Object.entries(SECTION_SCHEMAS).map(([section, name]) => [name, fromParser(unwrapped(fileEntries[section]))]);
  const patches = Object.entries(entities).map(([name, schema]) => [`${name}Patch`, patchOf(name.toLowerCase(), schema)]);
  return {
    ...entities,
    ...Object.fromEntries(sections),
    ...Object.fromEntries(patches),
    NetworkFile: networkFile(),
    TokenWish: fromParser(tokenWishSchema),
    ...records(),
    SitePage: page(ref('Site')),
    HostPage: page(ref('Host')),
    CategoryPage: page(ref('Category')),
    AuditPage: page(ref('AuditEntry')),
    TokenList: object({ items: arrayOf(ref('Token')) }),
  };
};
