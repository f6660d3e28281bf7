import { type JsonSchema, ref } from './entity-schemas.ts';
import type { Described } from './operations.ts';

const SYNC = '/api/v1/hosts/{id}/categories/{category}';

const sync = (description: string) => ({ description, schema: ref('Sync') });

const calling = (
  id: string,
  summary: string,
  body: string,
  replies: Described['replies'],
  more: Partial<Described> = {},
): Described => ({
  id,
  summary,
  tag: 'synchronisation',
  body: { schema: ref(body), name: body },
  replies,
  errors: [400, 401, 404, 409, 413, 503],
  security: 'hostToken',
  ...more,
});

const asking = (id: string, summary: string, schema: JsonSchema, errors: readonly number[]): Described => ({
  id,
  summary,
  tag: 'synchronisation',
  replies: { 200: { description: 'As it is.', schema } },
  errors,
  security: 'hostToken',
});

const NOW = { 200: sync('As it is now.') };

/** The endpoints of hosts, on their own tokens, and what people do to a synchronisation. The function beside answers them. */
export const HOST_OPERATIONS: Readonly<Record<string, Described>> = {
  'POST /api/v1/checkins': calling(
    'checkIn',
    'A host says what it holds.',
    'CheckIn',
    {
      202: { description: 'What became of it, category by category.', schema: ref('CheckedIn') },
    },
    { tag: 'check-in', errors: [400, 401, 413, 415, 503] },
  ),
  [`POST ${SYNC}/syncs`]: calling(
    'beginSync',
    'Begins a synchronisation, or asks for its turn.',
    'BeginSync',
    {
      201: sync('It has begun.'),
      202: sync('It waits for its turn; ask by heartbeats.'),
    },
    { repeatable: true, errors: [400, 401, 403, 404, 409, 413, 503] },
  ),
  [`GET ${SYNC}/syncs`]: asking(
    'readSyncHistory',
    'What happened to a host in a category, newest first.',
    ref('SyncHistory'),
    [401, 403, 404, 503],
  ),
  'GET /api/v1/hosts/{id}/syncs': asking(
    'listSyncs',
    'Every category of a host, and whether it is in service.',
    ref('SyncList'),
    [401, 403, 503],
  ),
  'GET /api/v1/syncs/{sync}': asking('readSync', 'One synchronisation.', ref('Sync'), [401, 404, 409, 503]),
  'POST /api/v1/syncs/{sync}/heartbeat': calling(
    'continueSync',
    'It goes on; says too when the second phase begins.',
    'SyncHeartbeat',
    NOW,
  ),
  'POST /api/v1/syncs/{sync}/end': calling(
    'endSync',
    'It is over; the host returns when a crawl has verified it.',
    'EndSync',
    NOW,
  ),
  [`POST ${SYNC}/hold`]: calling('holdHost', 'Takes a host out of service until it is released; for people.', 'Reason', NOW, {
    security: 'token',
    errors: [400, 401, 403, 404, 413, 503],
  }),
  [`POST ${SYNC}/release`]: calling(
    'releaseHost',
    'Ends a hold: the host returns when a crawl has verified it; for people.',
    'Reason',
    NOW,
    {
      security: 'token',
      errors: [400, 401, 403, 404, 409, 413, 503],
    },
  ),
};

/** Of the endpoints above that have any. */
export const HOST_QUERIES: Readonly<Record<string, readonly string[]>> = { [`GET ${SYNC}/syncs`]: ['before'] };
