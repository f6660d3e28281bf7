import type { HttpReply } from '#wire/api/http-call.ts';
import type { RouteOf } from '#wire/api/route-table.ts';
import type { AdminRequest } from './admin-deps.ts';
import { readEntityAudit, readNetworkAudit } from './audit-calls.ts';
import { deleteEntity, deleteSection, listEntities, readEntity, readSection, writeEntity, writeSection } from './entity-calls.ts';
import { readMe, readNetwork } from './me-call.ts';
import { checkProof, readProof } from './proof-calls.ts';
import { issueToken, listTokens, revokeToken } from './token-calls.ts';

export interface Endpoint {
  readonly answer: (request: AdminRequest) => Promise<HttpReply> | HttpReply;
  /** Parameters besides these are refused: a misspelt `dryRun` must not write. */
  readonly query: readonly string[];
}

const reads = (answer: Endpoint['answer'], ...query: readonly string[]): Endpoint => ({ answer, query });
const writes = (answer: Endpoint['answer']): Endpoint => ({ answer, query: ['dryRun'] });
const PAGE = ['limit', 'after'] as const;

export const ROUTES: readonly RouteOf<Endpoint>[] = [
  { path: '/api/v1/me', methods: { GET: reads(readMe) } },
  { path: '/api/v1/network', methods: { GET: reads(readNetwork) } },
  { path: '/api/v1/audit', methods: { GET: reads(readNetworkAudit, ...PAGE) } },
  {
    path: '/api/v1/settings/{section}',
    methods: {
      GET: reads(readSection),
      PUT: writes(writeSection('put')),
      PATCH: writes(writeSection('patch')),
      DELETE: writes(deleteSection),
    },
  },
  { path: '/api/v1/sites', methods: { GET: reads(listEntities('site'), ...PAGE) } },
  {
    path: '/api/v1/sites/{id}',
    methods: {
      GET: reads(readEntity('site')),
      PUT: writes(writeEntity('site', 'put')),
      PATCH: writes(writeEntity('site', 'patch')),
      DELETE: writes(deleteEntity('site')),
    },
  },
  { path: '/api/v1/sites/{id}/audit', methods: { GET: reads(readEntityAudit('site'), ...PAGE) } },
  { path: '/api/v1/categories', methods: { GET: reads(listEntities('category'), ...PAGE) } },
  {
    path: '/api/v1/categories/{id}',
    methods: {
      GET: reads(readEntity('category')),
      PUT: writes(writeEntity('category', 'put')),
      PATCH: writes(writeEntity('category', 'patch')),
      DELETE: writes(deleteEntity('category')),
    },
  },
  { path: '/api/v1/hosts', methods: { GET: reads(listEntities('host'), ...PAGE, 'site') } },
  {
    path: '/api/v1/hosts/{id}',
    methods: {
      GET: reads(readEntity('host')),
      PUT: writes(writeEntity('host', 'put')),
      PATCH: writes(writeEntity('host', 'patch')),
      DELETE: writes(deleteEntity('host')),
    },
  },
  { path: '/api/v1/hosts/{id}/audit', methods: { GET: reads(readEntityAudit('host'), ...PAGE) } },
  { path: '/api/v1/hosts/{id}/tokens', methods: { GET: reads(listTokens), POST: writes(issueToken) } },
  { path: '/api/v1/hosts/{id}/tokens/{token}', methods: { DELETE: writes(revokeToken) } },
  { path: '/api/v1/hosts/{id}/proof', methods: { GET: reads(readProof), POST: reads(checkProof) } },
];
