import { createHash } from 'node:crypto';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { dynamoLockStore } from '#adapters/aws/dynamo-lock-store.ts';
import type { LockRules } from '#domain/lock/lock-rules.ts';
import type { HttpCall, HttpReply } from '#wire/api/http-call.ts';
import { lockApi } from '../../functions/lock-api/lock-api.ts';
import { type LockOperations, lockOperations } from '../../functions/lock-api/lock-operations.ts';
import { useEmulators } from '../support/emulators.ts';
import { createLockTable, lockConfig, lockDeps, lockRules, silentLog } from '../support/lock-setup.ts';
import { testClock } from '../support/memory-stores.ts';

const emulators = useEmulators();
const START = Date.UTC(2026, 10, 21, 4, 45);

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const token = (host: string, locks: readonly string[] = []) => ({ sha256: sha256(`of-${host}`), host, claims: undefined, locks });

const RULES = lockRules({
  createOnFirstUse: ['made-*', 'fl:made-*', 'org:*', 'update'],
  locks: [
    { name: 'update', config: lockConfig() },
    { name: 'off', config: lockConfig({ enabled: false }) },
    { name: 'pair', config: lockConfig({ slots: 2 }) },
  ],
  tokens: [
    token('a.example'),
    token('b.example'),
    token('barred.example', ['other']),
    { ...token(''), host: undefined, claims: 'shared*' },
  ],
  operators: [{ name: 'olga', sha256: sha256('of-olga') }],
  groups: [{ group: 'default', lock: 'update' }],
});

interface World {
  readonly rules: LockRules;
  readonly operations: LockOperations;
  ask(call: Partial<HttpCall>): Promise<HttpReply>;
  advance(ms: number): void;
  now(): number;
  /** Every item of the table, for "nothing was written". */
  items(): Promise<unknown>;
}

const world = async (rules: LockRules = RULES): Promise<World> => {
  const dynamo = emulators.dynamoDb();
  const table = await createLockTable(dynamo, emulators.freshName('locks'));
  const clock = testClock(START);
  const deps = lockDeps(dynamoLockStore(dynamo, table), clock, rules);
  const operations = lockOperations(deps);
  return {
    rules,
    operations,
    now: clock.now,
    advance: clock.advance,
    ask: (call) => {
      clock.advance(1);
      return lockApi(
        { operations, rules: deps.rules, log: silentLog },
        {
          method: 'GET',
          path: '/',
          query: '',
          headers: {},
          body: '',
          arrivedMs: clock.now(),
          sourceIp: '192.0.2.7',
          certificateSubject: undefined,
          claims: undefined,
          ...call,
        },
      );
    },
    items: async () => (await dynamo.send(new ScanCommand({ TableName: table, ConsistentRead: true }))).Items,
  };
};

const certificate = (host: string) => ({ certificateSubject: `CN=${host},O=example` });
const bearer = (host: string) => ({ headers: { authorization: `Bearer of-${host}` } });
const told = ({ statusCode, body }: HttpReply) => ({ statusCode, body: JSON.parse(body) as unknown });

describe('the API of foreman_dlm', () => {
  let at: World;
  beforeEach(async () => {
    at = await world();
  });
  const put = (host: string, lock = 'update') =>
    at.ask({ method: 'PUT', path: `/api/dlmlocks/${lock}/lock`, ...certificate(host) });
  const remove = (host: string, lock = 'update') =>
    at.ask({ method: 'DELETE', path: `/api/dlmlocks/${lock}/lock`, ...certificate(host) });
  const enable = (enabled: boolean, lock = 'update') =>
    at.ask({ method: 'PUT', path: `/api/dlmlocks/${lock}`, body: JSON.stringify({ dlmlock: { enabled } }), ...bearer('olga') });

  /** Brings the lock about, then both verbs by `a.example`, each on a lock of its own. */
  const TABLE: readonly {
    readonly state: string;
    readonly prepare: (lock: string) => Promise<unknown>;
    readonly put: number;
    readonly remove: number;
  }[] = [
    { state: 'does not exist', prepare: async () => undefined, put: 200, remove: 200 },
    {
      state: 'is free',
      prepare: async (lock) => {
        await put('b.example', lock);
        await remove('b.example', lock);
      },
      put: 200,
      remove: 200,
    },
    { state: 'is held by the caller', prepare: (lock) => put('a.example', lock), put: 200, remove: 200 },
    { state: 'is held by another', prepare: (lock) => put('b.example', lock), put: 412, remove: 412 },
    {
      state: 'is disabled and free',
      prepare: async (lock) => {
        await put('b.example', lock);
        await remove('b.example', lock);
        await enable(false, lock);
      },
      put: 412,
      remove: 200,
    },
    {
      state: 'is disabled and held by the caller',
      prepare: async (lock) => {
        await put('a.example', lock);
        await enable(false, lock);
      },
      put: 412,
      remove: 200,
    },
    {
      state: 'is disabled and held by another',
      prepare: async (lock) => {
        await put('b.example', lock);
        await enable(false, lock);
      },
      put: 412,
      remove: 412,
    },
  ];
  for (const { state, prepare, put: onPut, remove: onRemove } of TABLE) {
    it(`answers PUT ${onPut} and DELETE ${onRemove} when the lock ${state}`, async () => {
      await prepare('made-1');
      await prepare('made-2');
      expect([(await put('a.example', 'made-1')).statusCode, (await remove('a.example', 'made-2')).statusCode]).toEqual([
        onPut,
        onRemove,
      ]);
    });
  }

  it('shows the lock as Foreman does, with its host while it is held', async () => {
    const lock = { id: 1, name: 'update', enabled: true, type: 'ForemanDlm::Dlmlock::Update' };
    const created_at = '2026-11-21 04:45:00 UTC';
    const host = { name: 'a.example', self: true };
    expect(told(await put('a.example'))).toEqual({
      statusCode: 200,
      body: { ...lock, host_id: expect.any(Number), created_at, updated_at: created_at, host },
    });
    expect(told(await remove('a.example'))).toEqual({
      statusCode: 200,
      body: { ...lock, host_id: null, created_at, updated_at: created_at },
    });
  });

  it('finds a lock by number, by name and under each version of the API', async () => {
    await put('a.example');
    const shown = told(await at.ask({ path: '/api/dlmlocks/update', ...certificate('a.example') }));
    for (const path of ['/api/v2/dlmlocks/update', '/api/v1/dlmlocks/1', '/api/dlmlocks/1/lock', '/api/dlmlocks/update/lock']) {
      expect(told(await at.ask({ path, ...certificate('a.example') }))).toEqual(shown);
    }
  });

  it('says in its own words why not, always in JSON', async () => {
    await put('b.example');
    expect(told(await put('a.example'))).toEqual({
      statusCode: 412,
      body: { error: { id: 1, message: 'Precondition failed. Lock is in invalid state for this operation.' } },
    });
    expect(told(await at.ask({ path: '/api/dlmlocks/none', ...certificate('a.example') }))).toEqual({
      statusCode: 404,
      body: { error: { message: "Resource dlmlock not found by id 'none'" } },
    });
  });

  it('tells nobody 401, a person without a host 403, and a host that is barred 412', async () => {
    const path = '/api/dlmlocks/update/lock';
    for (const method of ['PUT', 'DELETE', 'GET']) expect((await at.ask({ method, path })).statusCode).toBe(401);
    for (const method of ['PUT', 'DELETE']) {
      expect((await at.ask({ method, path, ...bearer('olga') })).statusCode).toBe(403);
      expect((await at.ask({ method, path, ...bearer('') })).statusCode).toBe(401);
    }
    expect((await at.ask({ method: 'PUT', path, ...bearer('barred.example') })).statusCode).toBe(412);
    expect(await at.items()).toEqual([]);
  });

  it('makes no lock of a name that the network does not allow', async () => {
    expect((await put('a.example', 'stray')).statusCode).toBe(404);
    expect((await remove('a.example', 'stray')).statusCode).toBe(200);
    expect(await at.items()).toEqual([]);
  });

  it('lets a release that arrived before the grant free nothing', async () => {
    const lateMs = at.now();
    await put('a.example');
    const late = await at.ask({
      method: 'DELETE',
      path: '/api/dlmlocks/update/lock',
      arrivedMs: lateMs,
      ...certificate('a.example'),
    });
    expect(late.statusCode).toBe(412);
    expect((await put('b.example')).statusCode).toBe(412);
  });

  it('answers a release whose first reply was lost 412 only while others hold, and 200 once the lock is free or merely offered', async () => {
    await put('a.example');
    expect((await put('b.example')).statusCode).toBe(412);
    await remove('a.example');
    // Offered to b, who has not asked again: not held by anybody.
    expect((await remove('a.example')).statusCode).toBe(200);
    expect((await put('b.example')).statusCode).toBe(200);
    expect((await remove('a.example')).statusCode).toBe(412);
    // Nor has it cost b anything.
    expect(told(await put('b.example'))).toMatchObject({ statusCode: 200, body: { host: { name: 'b.example', self: true } } });
    await remove('b.example');
    expect((await remove('a.example')).statusCode).toBe(200);
    expect((await put('a.example')).statusCode).toBe(200);
  });

  it('answers for a semaphore: 412 when every slot is another’s', async () => {
    expect((await put('b.example', 'pair')).statusCode).toBe(200);
    expect((await remove('a.example', 'pair')).statusCode).toBe(200);
    expect((await put('c.example', 'pair')).statusCode).toBe(200);
    expect((await remove('a.example', 'pair')).statusCode).toBe(412);
  });

  it('lets an operator list, make, change, set free and delete, and nobody else', async () => {
    const asked = async (method: string, path: string, body = ''): Promise<unknown> => {
      expect((await at.ask({ method, path, body, ...certificate('a.example') })).statusCode).toBe(403);
      return told(await at.ask({ method, path, body, ...bearer('olga') }));
    };
    const made = { id: expect.any(Number), host_id: null, name: 'web', enabled: false, type: 'ForemanDlm::Dlmlock::Update' };
    const times = { created_at: expect.any(String), updated_at: expect.any(String) };
    const body = JSON.stringify({ dlmlock: { name: 'web', type: 'ForemanDlm::Dlmlock', enabled: false } });
    expect(await asked('POST', '/api/dlmlocks', body)).toEqual({ statusCode: 201, body: { ...made, ...times } });
    expect(await asked('POST', '/api/dlmlocks', body)).toMatchObject({ statusCode: 422 });
    const enabled = JSON.stringify({ dlmlock: { enabled: true } });
    expect(await asked('PUT', '/api/dlmlocks/web', enabled)).toEqual({
      statusCode: 200,
      body: { ...made, ...times, enabled: true },
    });
    await put('a.example', 'web');
    expect(await asked('DELETE', '/api/dlmlocks/web')).toMatchObject({ statusCode: 422 });
    expect(await asked('PUT', '/api/dlmlocks/web', '{"dlmlock":{"host_id":null}}')).toMatchObject({ body: { host_id: null } });
    expect((await put('b.example', 'web')).statusCode).toBe(200);
    expect(await asked('PUT', '/api/dlmlocks/web', '{"dlmlock":{"host_id":7}}')).toMatchObject({ statusCode: 422 });
    await remove('b.example', 'web');
    expect(await asked('GET', '/api/dlmlocks')).toMatchObject({
      statusCode: 200,
      body: { total: 1, results: [{ name: 'web' }] },
    });
    expect(await asked('GET', '/api/dlmlocks/web/dlmlock_events')).toMatchObject({ statusCode: 200, body: { page: 1 } });
    expect(await asked('DELETE', '/api/dlmlocks/web')).toMatchObject({ statusCode: 200 });
    expect((await at.ask({ path: '/api/dlmlocks/web', ...bearer('olga') })).statusCode).toBe(404);
  });
});

describe('the API of DLMEngine', () => {
  let at: World;
  beforeEach(async () => {
    at = await world();
  });
  const secret = (host: string) => ({ headers: { 'x-id': host, 'x-secret-id': host, 'x-secret': `of-${host}` } });
  const V2 = '/dlmengine/api/v2/locks/update';
  const post = (name: string, path = V2, as = name) =>
    at.ask({ method: 'POST', path, body: JSON.stringify({ acquired_by: name }), ...secret(as) });

  it('says which versions it speaks', async () => {
    const versions = { statusCode: 200, body: { versions: [{ version: '1' }, { version: '2' }] } };
    expect(told(await at.ask({ path: '/dlmengine/versions' }))).toEqual(versions);
    expect(told(await at.ask({ path: '/dlmengine//versions' }))).toEqual(versions);
  });

  it('answers version 2 flat: 404, 201, 200, again 201, 400 for others, 200', async () => {
    const lock = {
      id: 'update',
      acquired_by: 'a.example',
      acquired_since: expect.stringMatching(/^2026-11-21T04:45:00\.\d{3}Z$/),
    };
    expect(told(await at.ask({ path: V2, ...secret('a.example') }))).toEqual({
      statusCode: 404,
      body: { detail: 'Resource not found' },
    });
    expect(told(await post('a.example'))).toEqual({ statusCode: 201, body: lock });
    expect(told(await at.ask({ path: V2, ...secret('a.example') }))).toEqual({ statusCode: 200, body: lock });
    expect(told(await post('a.example'))).toEqual({ statusCode: 201, body: lock });
    expect(told(await post('b.example'))).toEqual({ statusCode: 400, body: { detail: 'Duplicate Resource' } });
    expect(told(await at.ask({ path: V2, ...secret('b.example') }))).toEqual({ statusCode: 200, body: lock });
    expect(told(await at.ask({ method: 'DELETE', path: V2, ...secret('a.example') }))).toEqual({ statusCode: 200, body: {} });
    // Whoever waited is offered it at once, so for everybody else it is taken.
    expect(told(await at.ask({ path: V2, ...secret('a.example') }))).toMatchObject({ body: { acquired_by: 'b.example' } });
    expect((await at.ask({ path: V2, ...secret('b.example') })).statusCode).toBe(404);
  });

  it('wraps version 1 in data, and knows organisations', async () => {
    const path = '/dlmengine/api/v1/locks/update';
    const body = JSON.stringify({ data: { acquired_by: 'a.example' } });
    const held = { id: 'update', acquired_by: 'a.example', acquired_since: expect.any(String) };
    expect(told(await at.ask({ method: 'POST', path, body, ...secret('a.example') }))).toEqual({
      statusCode: 201,
      body: { data: held },
    });
    expect(told(await at.ask({ path, ...secret('a.example') }))).toEqual({ statusCode: 200, body: { data: held } });
    const inDefault = '/dlmengine/api/v2/orgs/DLMUpdater/locks/update';
    expect(told(await at.ask({ path: inDefault, ...secret('a.example') }))).toEqual({ statusCode: 200, body: held });
    const elsewhere = '/dlmengine/api/v2/orgs/org/locks/update';
    expect((await at.ask({ path: elsewhere, ...secret('b.example') })).statusCode).toBe(404);
    expect(told(await post('b.example', elsewhere))).toMatchObject({
      statusCode: 201,
      body: { id: 'update', acquired_by: 'b.example' },
    });
    expect(told(await at.ask({ method: 'DELETE', path, body, ...secret('a.example') }))).toEqual({ statusCode: 200, body: {} });
    expect((await at.ask({ path: inDefault, ...secret('a.example') })).statusCode).toBe(404);
  });

  it('answers a second DELETE, whose first reply was lost, like the first, and leaves who holds by then alone', async () => {
    await post('a.example');
    const remove = () => at.ask({ method: 'DELETE', path: V2, ...secret('a.example') });
    expect((await remove()).statusCode).toBe(200);
    expect(told(await remove())).toEqual({ statusCode: 200, body: {} });
    await post('b.example');
    expect(told(await remove())).toEqual({ statusCode: 200, body: {} });
    expect(told(await at.ask({ path: V2, ...secret('a.example') }))).toMatchObject({ body: { acquired_by: 'b.example' } });
  });

  it('never shows a client as its own what it was only offered', async () => {
    await post('a.example');
    await post('b.example');
    await at.ask({ method: 'DELETE', path: V2, ...secret('a.example') });
    const view = await at.operations.inspect('update', at.now());
    expect(view.kind === 'lock' && view.lock.grants.map(({ host, state }) => [host, state])).toEqual([['b.example', 'offered']]);
    expect((await at.ask({ path: V2, ...secret('b.example') })).statusCode).toBe(404);
    expect((await post('b.example')).statusCode).toBe(201);
    expect(told(await at.ask({ path: V2, ...secret('b.example') }))).toMatchObject({
      statusCode: 200,
      body: { acquired_by: 'b.example' },
    });
  });

  it('gives back the name byte for byte as it was sent', async () => {
    expect(told(await post('A.Example', V2, 'a.example'))).toMatchObject({ statusCode: 201, body: { acquired_by: 'A.Example' } });
    expect(told(await at.ask({ path: V2, ...secret('a.example') }))).toMatchObject({ body: { acquired_by: 'A.Example' } });
  });

  it('also when the host had to wait for it', async () => {
    await post('b.example');
    expect((await post('A.Example', V2, 'a.example')).statusCode).toBe(400);
    await at.ask({ method: 'DELETE', path: V2, ...secret('b.example') });
    // Only an offer yet, which knows the host by its credential.
    expect(told(await at.ask({ path: V2, ...secret('b.example') }))).toMatchObject({ body: { acquired_by: 'a.example' } });
    expect(told(await post('A.Example', V2, 'a.example'))).toMatchObject({ statusCode: 201, body: { acquired_by: 'A.Example' } });
    for (const host of ['a.example', 'b.example']) {
      expect(told(await at.ask({ path: V2, ...secret(host) }))).toMatchObject({ body: { acquired_by: 'A.Example' } });
    }
  });

  it('shows since when a lock is held, however often its holder asks', async () => {
    const since = told(await post('a.example'));
    at.advance(60_000);
    expect(told(await post('a.example'))).toEqual(since);
    expect(told(await at.ask({ path: V2, ...secret('a.example') }))).toEqual({ ...since, statusCode: 200 });
  });

  it('refuses a name that the credential is not of, and whoever has none', async () => {
    expect((await post('b.example', V2, 'a.example')).statusCode).toBe(403);
    expect((await post('a.example', V2, 'nobody')).statusCode).toBe(401);
    expect((await post('barred.example')).statusCode).toBe(403);
    expect((await post('a.example', '/dlmengine/api/v2/locks/stray')).statusCode).toBe(403);
    expect((await at.ask({ method: 'POST', path: V2, body: '{}', ...secret('a.example') })).statusCode).toBe(422);
    expect(await at.items()).toEqual([]);
  });

  it('tells hosts of one shared credential apart by name and address', async () => {
    const shared = (sourceIp: string) => ({ headers: { 'x-secret': 'of-' }, sourceIp });
    const body = (name: string) => JSON.stringify({ acquired_by: name });
    expect((await at.ask({ method: 'POST', path: V2, body: body('other'), ...shared('192.0.2.1') })).statusCode).toBe(403);
    expect(told(await at.ask({ method: 'POST', path: V2, body: body('shared1'), ...shared('192.0.2.1') }))).toMatchObject({
      statusCode: 201,
      body: { acquired_by: 'shared1' },
    });
    expect((await at.ask({ method: 'POST', path: V2, body: body('shared2'), ...shared('192.0.2.2') })).statusCode).toBe(400);
    await at.ask({ method: 'DELETE', path: V2, ...shared('192.0.2.2') });
    expect(told(await at.ask({ path: V2, ...shared('192.0.2.1') }))).toMatchObject({ body: { acquired_by: 'shared1' } });
    await at.ask({ method: 'DELETE', path: V2, ...shared('192.0.2.1') });
    expect(told(await at.ask({ method: 'POST', path: V2, body: body('shared2'), ...shared('192.0.2.2') }))).toMatchObject({
      statusCode: 201,
      body: { acquired_by: 'shared2' },
    });
  });

  it('lists what is held', async () => {
    await post('a.example');
    await post('b.example', '/dlmengine/api/v2/locks/pair');
    const list = (query: string, path = '/dlmengine/api/v2/locks') => at.ask({ path, query, ...secret('a.example') });
    expect(told(await list(''))).toMatchObject({
      body: { result: [{ id: 'pair' }, { id: 'update' }], meta: { result_size: 2 } },
    });
    expect(told(await list('lock_id=%5Eup.*e%24'))).toMatchObject({
      body: { result: [{ id: 'update' }], meta: { result_size: 1 } },
    });
    expect(told(await list('sort_order=descending', '/dlmengine/api/v1/locks/_search'))).toMatchObject({
      body: { data: { result: [{ id: 'update' }, { id: 'pair' }] } },
    });
  });

  it('lets an operator take a lock away', async () => {
    await post('a.example');
    expect(told(await at.ask({ method: 'DELETE', path: V2, ...bearer('olga') }))).toEqual({ statusCode: 200, body: {} });
    expect((await at.ask({ path: V2, ...secret('a.example') })).statusCode).toBe(404);
  });
});

describe('FleetLock', () => {
  let at: World;
  const plain = lockRules({ ...RULES, plain: ['fleetlock'], plainFrom: ['192.0.2.0/24'] });
  beforeEach(async () => {
    at = await world(plain);
  });
  const headers = { 'fleet-lock-protocol': 'true' };
  /** As serde_json prints it pretty; no content type. */
  const bodyOf = (id: string, group = 'default') => JSON.stringify({ client_params: { id, group } }, undefined, 2);
  const post = (call: string, id: string, group?: string) =>
    at.ask({ method: 'POST', path: `/v1/${call}`, headers, body: bodyOf(id, group) });
  const error = (statusCode: number, kind: string) => ({ statusCode, body: { kind, value: expect.stringMatching(/./) } });

  it('takes a slot, again too, and gives it back, again too', async () => {
    const done = { statusCode: 200, body: {} };
    expect(told(await post('steady-state', 'node1'))).toEqual(done);
    expect(told(await post('pre-reboot', 'node1'))).toEqual(done);
    expect(told(await post('pre-reboot', 'node1'))).toEqual(done);
    expect(told(await post('pre-reboot', 'node2'))).toEqual(error(423, 'failed_lock_semaphore_full'));
    expect(told(await post('steady-state', 'node2'))).toEqual(done);
    expect(told(await post('steady-state', 'node1'))).toEqual(done);
    expect(told(await post('steady-state', 'node1'))).toEqual(done);
  });

  it('writes nothing for a steady state when nothing is held, nor makes a lock', async () => {
    await post('steady-state', 'node1');
    await post('steady-state', 'node1', 'made-x');
    expect(await at.items()).toEqual([]);
  });

  it('holds group G as lock fl:G, unless the network maps it', async () => {
    await post('pre-reboot', 'node1', 'made-x');
    await post('pre-reboot', 'node1');
    const names = (await at.operations.list(at.now())).map(({ name }) => name);
    expect(names.toSorted()).toEqual(['fl:made-x', 'update']);
  });

  it.each([
    ['no header', { headers: {}, body: bodyOf('n') }],
    ['another header', { headers: { 'fleet-lock-protocol': 'false' }, body: bodyOf('n') }],
    ['no body', { body: '' }],
    ['no JSON', { body: 'id=n' }],
    ['no id', { body: '{"client_params":{"group":"default"}}' }],
    ['an empty id', { body: bodyOf('') }],
    ['an empty group', { body: bodyOf('n', '') }],
    ['a group with a blank', { body: bodyOf('n', 'a b') }],
    ['a body that is too long', { body: `${' '.repeat(5_000)}${bodyOf('n')}` }],
  ])('tells invalid_client_identity for %s', async (_what, call) => {
    const reply = await at.ask({ method: 'POST', path: '/v1/pre-reboot', headers, ...call });
    expect(told(reply)).toEqual(error(400, 'invalid_client_identity'));
    expect(await at.items()).toEqual([]);
  });

  it('has one small word for each refusal', async () => {
    expect(told(await post('pre-reboot', 'n', 'stray'))).toEqual(error(400, 'unknown_group'));
    expect(told(await post('steady-state', 'n', 'stray'))).toEqual(error(400, 'unknown_group'));
    expect(told(await at.ask({ path: '/v1/pre-reboot', headers }))).toEqual(error(405, 'method_not_allowed'));
    const far = { method: 'POST', path: '/v1/pre-reboot', headers, body: bodyOf('n'), sourceIp: '198.51.100.1' };
    expect(told(await at.ask(far))).toEqual(error(401, 'unauthorized'));
    const proven = { ...far, headers: { ...headers, ...bearer('a.example').headers } };
    expect(told(await at.ask(proven))).toEqual(error(403, 'forbidden'));
    expect(told(await at.ask({ ...proven, body: bodyOf('a.example') }))).toEqual({ statusCode: 200, body: {} });
  });

  it('tells disabled and halted from full, and gives back all the same', async () => {
    const operator = { operator: 'olga', arrivedMs: at.now(), lock: 'update' };
    await post('pre-reboot', 'node1');
    await at.operations.configure({ ...operator, version: undefined, change: { enabled: false } });
    expect(told(await post('pre-reboot', 'node2'))).toEqual(error(423, 'lock_disabled'));
    await at.operations.configure({ ...operator, version: undefined, change: { enabled: true, slots: 2 } });
    const view = await at.operations.inspect('update', at.now());
    const fence = view.kind === 'lock' ? (view.lock.grants[0]?.fence ?? 0) : 0;
    await at.operations.fail({ lock: 'update', host: 'node1', fence, arrivedMs: at.now() });
    expect(told(await post('pre-reboot', 'node2'))).toEqual(error(423, 'lock_halted'));
    expect(told(await post('steady-state', 'node1'))).toEqual({ statusCode: 200, body: {} });
  });

  it('keeps no place for a node that took its slot from far behind in the queue', async () => {
    await post('pre-reboot', 'holder');
    const nodes = Array.from({ length: 40 }, (_, index) => `node${index}`);
    for (const node of nodes) await post('pre-reboot', node);
    await post('steady-state', 'holder');
    // Nobody is expected soon, so the slot is for whoever asks.
    expect(told(await post('pre-reboot', 'node39'))).toEqual({ statusCode: 200, body: {} });
    await post('steady-state', 'node39');
    const view = await at.operations.inspect('update', at.now());
    const waiting = view.kind === 'lock' ? view.waiters.map(({ host }) => host) : [];
    expect(waiting).toEqual(nodes.slice(0, -1));
  });

  it('lets a steady state that arrived before the grant free nothing', async () => {
    const lateMs = at.now();
    await post('pre-reboot', 'node1');
    const late = { method: 'POST', path: '/v1/steady-state', headers, body: bodyOf('node1'), arrivedMs: lateMs };
    expect(told(await at.ask(late))).toEqual(error(409, 'newer_grant'));
    expect(told(await post('pre-reboot', 'node2'))).toEqual(error(423, 'failed_lock_semaphore_full'));
  });
});

describe('one lock under three protocols', () => {
  it('is held by one host, whichever it speaks', async () => {
    const at = await world(lockRules({ ...RULES, plain: ['fleetlock', 'foreman', 'dlmengine'] }));
    const acquire = {
      foreman: () => at.ask({ method: 'PUT', path: '/api/dlmlocks/update/lock', ...certificate('a.example') }),
      dlmengine: () =>
        at.ask({
          method: 'POST',
          path: '/dlmengine/api/v2/locks/update',
          body: '{"acquired_by":"web1"}',
          headers: { 'x-secret': 'any' },
        }),
      fleetlock: () =>
        at.ask({
          method: 'POST',
          path: '/v1/pre-reboot',
          headers: { 'fleet-lock-protocol': 'true' },
          body: '{"client_params":{"id":"node1","group":"default"}}',
        }),
    };
    const release = {
      foreman: () => at.ask({ method: 'DELETE', path: '/api/dlmlocks/update/lock', ...certificate('a.example') }),
      dlmengine: () => at.ask({ method: 'DELETE', path: '/dlmengine/api/v2/locks/update', headers: { 'x-secret': 'any' } }),
      fleetlock: () =>
        at.ask({
          method: 'POST',
          path: '/v1/steady-state',
          headers: { 'fleet-lock-protocol': 'true' },
          body: '{"client_params":{"id":"node1","group":"default"}}',
        }),
    };
    const kinds = ['foreman', 'dlmengine', 'fleetlock'] as const;
    const refused = { foreman: 412, dlmengine: 400, fleetlock: 423 };
    for (const holder of kinds) {
      expect((await acquire[holder]()).statusCode).toBe(holder === 'dlmengine' ? 201 : 200);
      for (const other of kinds.filter((kind) => kind !== holder)) {
        expect([holder, other, (await acquire[other]()).statusCode]).toEqual([holder, other, refused[other]]);
      }
      expect((await release[holder]()).statusCode).toBe(200);
      // Whoever was offered the slot declines, so that the next round starts with a free lock and no queue.
      for (const [index] of kinds.entries()) {
        const view = await at.operations.inspect('update', at.now());
        const grant = view.kind === 'lock' ? view.lock.grants[0] : undefined;
        if (grant === undefined) break;
        expect(index).toBeLessThan(3);
        await at.operations.release({ lock: 'update', host: grant.host, fence: grant.fence, arrivedMs: at.now() });
      }
    }
  });
});

describe('whatever a client sends', () => {
  it('is answered in JSON with less than 500, and changes nothing when it makes no sense', async () => {
    const at = await world(lockRules({ ...RULES, createOnFirstUse: [], plain: ['fleetlock', 'foreman', 'dlmengine'] }));
    await at.ask({ method: 'PUT', path: '/api/dlmlocks/update/lock', ...certificate('a.example') });
    const before = await at.items();
    const piece = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('%', '%2F', '..', 'locks', 'lock', 'orgs', '_search', '0', '-1', '1e9', 'versions', 'dlmlock_events', '💥'),
    );
    const path = fc
      .tuple(
        fc.constantFrom(
          '/api/dlmlocks',
          '/api/v2/dlmlocks',
          '/dlmengine',
          '/dlmengine/api/v1/locks',
          '/dlmengine/api/v2/orgs',
          '/v1',
        ),
        fc.array(piece, { maxLength: 4 }),
      )
      .map(([base, pieces]) => [base, ...pieces].join('/'));
    const names = { name: fc.anything(), enabled: fc.anything(), host_id: fc.anything() };
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({ client_params: fc.record({ id: fc.anything(), group: piece }, { requiredKeys: [] }) })
        .map((value) => JSON.stringify(value)),
      fc
        .record({ dlmlock: fc.record(names, { requiredKeys: [] }) })
        .map((value) => JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? 1 : one))),
      fc
        .record({ acquired_by: fc.oneof(piece, fc.anything()) })
        .map((value) => JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? 1 : one))),
    );
    const secrets = fc.oneof(piece, fc.constantFrom('of-olga', 'of-b.example'));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'OPTIONS', 'BREW'),
        path,
        fc.string(),
        body,
        fc.record(
          { 'fleet-lock-protocol': fc.constantFrom('true', 'false'), 'x-secret': secrets, authorization: piece },
          { requiredKeys: [] },
        ),
        async (method, somewhere, query, text, headers) => {
          // What makes sense may change something, and is tested above: a fitting name, an operator's change.
          fc.pre(headers['x-secret'] !== 'of-olga' || method === 'GET');
          const { statusCode, body: said } = await at.ask({ method, path: somewhere, query, body: text, headers });
          expect(statusCode).toBeLessThan(500);
          expect(() => JSON.parse(said)).not.toThrow();
        },
      ),
      { numRuns: 2_000 },
    );
    expect(await at.items()).toEqual(before);
  });
});
