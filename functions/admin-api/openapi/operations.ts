import { type JsonSchema, ref } from './entity-schemas.ts';

interface Reply {
  readonly description: string;
  readonly schema?: JsonSchema;
  /** Has an ETag. */
  readonly tagged?: boolean;
  /** Of the body; JSON unless something else is said. */
  readonly type?: string;
}

export interface Described {
  readonly id: string;
  readonly summary: string;
  readonly tag: string;
  readonly body?: { readonly schema: JsonSchema; readonly name?: string; readonly patch?: boolean };
  readonly replies: Readonly<Partial<Record<number, Reply>>>;
  readonly errors: readonly number[];
  /** Takes an Idempotency-Key. */
  readonly repeatable?: boolean;
  /** Whose token; people's unless something else is said. */
  readonly security?: 'token' | 'hostToken';
}

const READ_ERRORS = [400, 401, 403, 404, 503];
const LIST_ERRORS = [400, 401, 503];
const WRITE_ERRORS = [400, 401, 403, 404, 409, 412, 413, 415, 422, 503];
const GONE: Reply = { description: 'Done; nothing is left of it.' };

const reading = (id: string, summary: string, tag: string, schema: string, tagged = false): Described => ({
  id,
  summary,
  tag,
  replies: {
    200: { description: 'As it is.', schema: ref(schema), tagged },
    ...(tagged ? { 304: { description: 'As it was.' } } : {}),
  },
  errors: READ_ERRORS,
});

const listing = (id: string, summary: string, tag: string, schema: string): Described => ({
  id,
  summary,
  tag,
  replies: { 200: { description: 'One page.', schema: ref(schema) } },
  errors: LIST_ERRORS,
});

const putting = (id: string, summary: string, tag: string, name: string): Described => ({
  id,
  summary,
  tag,
  body: { schema: ref(name), name },
  replies: {
    200: { description: 'As it is now, or would be.', schema: ref(name), tagged: true },
    201: { description: 'It is new.', schema: ref(name), tagged: true },
  },
  errors: WRITE_ERRORS,
  repeatable: true,
});

const patching = (id: string, summary: string, tag: string, name: string): Described => ({
  id,
  summary,
  tag,
  body: { schema: ref(`${name}Patch`), name: `${name}Patch`, patch: true },
  replies: { 200: { description: 'As it is now, or would be.', schema: ref(name), tagged: true } },
  errors: WRITE_ERRORS,
  repeatable: true,
});

const removing = (id: string, summary: string, tag: string): Described => ({
  id,
  summary,
  tag,
  replies: { 200: { description: 'What a dry run would remove.', schema: ref('DryRun') }, 204: GONE },
  errors: [400, 401, 403, 404, 409, 412, 422, 503],
  repeatable: true,
});

const entity = (path: string, name: string, tag: string): Readonly<Record<string, Described>> => {
  const one = name.toLowerCase();
  return {
    [`GET ${path}`]: listing(`list${name}s`.replace('ys', 'ies'), `The ${tag} that you may read.`, tag, `${name}Page`),
    [`GET ${path}/{id}`]: reading(`read${name}`, `One ${one}.`, tag, name, true),
    [`PUT ${path}/{id}`]: putting(`put${name}`, `Declares a ${one}, or replaces it.`, tag, name),
    [`PATCH ${path}/{id}`]: patching(`patch${name}`, `Changes some fields of a ${one}.`, tag, name),
    [`DELETE ${path}/{id}`]: removing(`delete${name}`, `Removes a ${one} that nothing refers to.`, tag),
  };
};

const SETTINGS = '/api/v1/settings/{section}';
const TOKENS = '/api/v1/hosts/{id}/tokens';
const PROOF = '/api/v1/hosts/{id}/proof';

/** What stands in the document for each METHOD and path of the routes. */
export const OPERATIONS: Readonly<Record<string, Described>> = {
  'GET /api/v1/me': reading('readMe', 'Who you are here, and what is yours.', 'network', 'Me'),
  'GET /api/v1/network': reading('readNetwork', 'The whole network file; for administrators.', 'network', 'NetworkFile'),
  'GET /api/v1/audit': reading('readAudit', 'Every change, newest first; for administrators.', 'audit', 'AuditPage'),
  [`GET ${SETTINGS}`]: reading('readSettings', 'One section of the settings; for administrators.', 'network', 'Settings', true),
  [`PUT ${SETTINGS}`]: putting('putSettings', 'Replaces a section.', 'network', 'Settings'),
  [`PATCH ${SETTINGS}`]: patching('patchSettings', 'Changes a part of a section.', 'network', 'Settings'),
  [`DELETE ${SETTINGS}`]: removing('resetSettings', 'Leaves a section to its defaults; `network` has none.', 'network'),
  ...entity('/api/v1/sites', 'Site', 'sites'),
  ...entity('/api/v1/hosts', 'Host', 'hosts'),
  ...entity('/api/v1/categories', 'Category', 'categories'),
  'GET /api/v1/sites/{id}/audit': reading(
    'readSiteAudit',
    'Changes of a site and its hosts, newest first.',
    'audit',
    'AuditPage',
  ),
  'GET /api/v1/hosts/{id}/audit': reading('readHostAudit', 'Changes of a host, newest first.', 'audit', 'AuditPage'),
  [`GET ${TOKENS}`]: reading('listTokens', 'The tokens of a host, without what they are.', 'hosts', 'TokenList'),
  [`POST ${TOKENS}`]: {
    id: 'issueToken',
    summary: 'A new token for a host; what it is, is told this once.',
    tag: 'hosts',
    body: { schema: ref('TokenWish'), name: 'TokenWish' },
    replies: {
      200: { description: 'What a dry run would issue.', schema: ref('DryRun') },
      201: { description: 'The token.', schema: ref('IssuedToken') },
    },
    errors: [400, 401, 403, 404, 409, 413, 415, 422, 503],
    repeatable: true,
  },
  [`DELETE ${TOKENS}/{token}`]: {
    ...removing('revokeToken', 'The token is worth nothing from now on.', 'hosts'),
    repeatable: false,
  },
  [`GET ${PROOF}`]: reading(
    'readProof',
    'Whether control of the URLs of a host is proved, and how to prove it.',
    'hosts',
    'Proof',
  ),
  [`POST ${PROOF}`]: {
    id: 'checkProof',
    summary: 'Tells what to publish where; when that is known, looks for it.',
    tag: 'hosts',
    replies: { 200: { description: 'Proved, or what is still missing.', schema: ref('Proof') } },
    errors: [400, 401, 403, 404, 409, 429, 503],
  },
};
