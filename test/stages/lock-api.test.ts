import { createHash } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { dynamoLockStore } from '#adapters/aws/dynamo-lock-store.ts';
import type { LockRules } from '#domain/lock/lock-rules.ts';
import type { HttpCall, HttpReply } from '#wire/api/http-call.ts';
import { lockApi } from '../../functions/lock-api/lock-api.ts';
import { lockOperations } from '../../functions/lock-api/lock-operations.ts';
import { useEmulators } from '../support/emulators.ts';
import { injectFaults } from '../support/fault-injection.ts';
import { createLockTable, lockConfig, lockDeps, lockRules, silentLog } from '../support/lock-setup.ts';

const emulators = useEmulators();
const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');

const RULES = lockRules({
  createOnFirstUse: ['free-*', 'fl:*'],
  locks: [
    { name: 'update', config: lockConfig() },
    { name: 'pair', config: lockConfig({ slots: 2 }) },
  ],
  tokens: [
    ...['a.example.org', 'b.example.org'].map((host) => ({ sha256: sha256(host), host, claims: undefined, locks: [] })),
    { sha256: sha256('narrow'), host: 'n.example.org', claims: undefined, locks: ['free-*'] },
    { sha256: sha256('shared'), host: undefined, claims: '*.lab.example.org', locks: [] },
  ],
  operators: [{ name: 'olga', sha256: sha256('operator') }],
});

interface Setup {
  readonly clock: { nowMs: number };
  readonly requests: string[];
  send(request: Partial<HttpCall>): Promise<HttpReply>;
}

let dynamo: DynamoDBClient;
beforeAll(() => {
  dynamo = emulators.dynamoDb();
});

const setup = async (rules: LockRules = RULES): Promise<Setup> => {
  const table = await createLockTable(dynamo, emulators.freshName('locks'));
  const clock = { nowMs: 1_000_000 };
  const requests: string[] = [];
  const client = emulators.dynamoDb();
  injectFaults(client, ({ command }) => {
    requests.push(command);
    return undefined;
  });
  const deps = lockDeps(dynamoLockStore(client, table), { now: () => clock.nowMs }, rules);
  const api = { operations: lockOperations(deps), rules: deps.rules, log: silentLog };
  return {
    clock,
    requests,
    send: (request) =>
      lockApi(api, {
        method: 'POST',
        path: '/',
        query: '',
        headers: {},
        body: '',
        arrivedMs: clock.nowMs,
        sourceIp: '127.0.0.1',
        certificateSubject: undefined,
        claims: undefined,
        ...request,
      }),
  };
};

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const as = (token: string, action: string, body: unknown, lock = 'update'): Partial<HttpCall> => ({
  path: `/api/v1/locks/${lock}/${action}`,
  headers: bearer(token),
  body: JSON.stringify(body),
});
const told = ({ statusCode, body }: HttpReply): unknown => [statusCode, JSON.parse(body)];

describe('a lock', () => {
  test('is offered, confirmed, released and offered to who waits, at the price that was promised', async () => {
    const { send, requests } = await setup();
    await send(as('b.example.org', 'acquire', { requestId: 'x' }, 'pair'));
    await send(as('a.example.org', 'acquire', { requestId: 'first' }));
    await send(as('a.example.org', 'release', { fence: 1 }));
    requests.length = 0;
    expect(told(await send(as('a.example.org', 'acquire', { requestId: 'r' })))).toEqual([
      200,
      { state: 'offered', fence: 2, deadlineMs: 1_120_000, offerMs: 115_000 },
    ]);
    expect(told(await send(as('a.example.org', 'confirm', { fence: 2 })))).toEqual([200, { state: 'held', fence: 2 }]);
    expect(requests).toEqual(['GetItemCommand', 'QueryCommand', 'UpdateItemCommand', 'UpdateItemCommand']);
    const queued = await send(as('b.example.org', 'acquire', { requestId: 'r' }));
    expect([queued.statusCode, JSON.parse(queued.body)]).toEqual([
      202,
      { state: 'queued', ticket: 1, rank: 0, retryAfterMs: expect.any(Number) },
    ]);
    expect(Number(queued.headers['retry-after'])).toBeGreaterThanOrEqual(17);
    expect(told(await send(as('a.example.org', 'release', { fence: 2 })))).toEqual([200, { state: 'released', fence: 2 }]);
    expect(told(await send(as('a.example.org', 'release', { fence: 2 })))).toEqual([200, { state: 'not_held', fence: 2 }]);
    expect(told(await send(as('b.example.org', 'acquire', { requestId: 'r' })))).toMatchObject([
      200,
      { state: 'offered', fence: 3 },
    ]);
  });

  test('whose offer lapsed goes to the next, and its confirmation is lost', async () => {
    const { send, clock } = await setup();
    await send(as('a.example.org', 'acquire', { requestId: 'r' }));
    clock.nowMs += 125_001;
    expect(told(await send(as('b.example.org', 'acquire', { requestId: 'r' })))).toMatchObject([
      200,
      { state: 'offered', fence: 2 },
    ]);
    expect(told(await send(as('a.example.org', 'confirm', { fence: 1 })))).toMatchObject([409, { kind: 'lost' }]);
  });

  test('is halted by a failure until an operator resumes', async () => {
    const { send } = await setup();
    await send(as('a.example.org', 'acquire', { requestId: 'r' }, 'pair'));
    await send(as('a.example.org', 'confirm', { fence: 1 }, 'pair'));
    expect(told(await send(as('a.example.org', 'fail', { fence: 1, reason: 'rpm' }, 'pair')))).toEqual([
      200,
      { state: 'failed', fence: 1 },
    ]);
    expect(told(await send(as('b.example.org', 'acquire', { requestId: 'r' }, 'pair')))).toMatchObject([
      423,
      { kind: 'lock_halted' },
    ]);
    expect(told(await send(as('a.example.org', 'resume', { reason: 'x' }, 'pair')))).toMatchObject([403, { kind: 'forbidden' }]);
    expect((await send(as('operator', 'resume', { reason: 'repaired' }, 'pair'))).statusCode).toBe(200);
    expect(told(await send(as('b.example.org', 'acquire', { requestId: 'r' }, 'pair')))).toMatchObject([
      200,
      { state: 'offered' },
    ]);
  });

  test('is taken away by an operator who names the fence and the reason', async () => {
    const { send } = await setup();
    await send(as('a.example.org', 'acquire', { requestId: 'r' }));
    const take = { host: 'a.example.org', fence: 1, reason: 'host is gone' };
    expect(told(await send(as('operator', 'force-release', { ...take, fence: 2 })))).toMatchObject([409, { kind: 'changed' }]);
    expect(told(await send(as('operator', 'force-release', { ...take, reason: '' })))).toMatchObject([
      400,
      { kind: 'invalid_request' },
    ]);
    expect(told(await send(as('operator', 'force-release', take)))).toEqual([200, { state: 'released', fence: 1 }]);
    expect(told(await send(as('operator', 'force-release', take)))).toEqual([200, { state: 'not_held', fence: 1 }]);
  });

  test('is changed by an operator who saw its present version', async () => {
    const { send } = await setup();
    await send(as('a.example.org', 'acquire', { requestId: 'r' }));
    const change = { ...as('operator', 'config', { enabled: false }), method: 'PUT' };
    expect((await send({ ...change, headers: { ...change.headers, 'if-match': '"1"' } })).statusCode).toBe(412);
    const done = await send({ ...change, headers: { ...change.headers, 'if-match': '"2"' } });
    expect([done.statusCode, done.headers['etag'], JSON.parse(done.body)]).toMatchObject([200, '"3"', { enabled: false }]);
    expect(told(await send(as('b.example.org', 'acquire', { requestId: 'r' })))).toMatchObject([423, { kind: 'lock_disabled' }]);
    expect(told(await send(as('a.example.org', 'acquire', { requestId: 'r' })))).toMatchObject([200, { fence: 1 }]);
  });

  test('that the file changed is changed when it is next asked for, and an operator stands until then', async () => {
    const rules = { current: lockRules({ locks: [{ name: 'update', config: lockConfig() }] }) };
    const table = await createLockTable(dynamo, emulators.freshName('locks'));
    const deps = lockDeps(dynamoLockStore(dynamo, table), { now: () => 1_000 });
    const source = { current: async () => rules.current, fresh: async () => rules.current };
    const operations = lockOperations({ ...deps, rules: source });
    const ask = async () => {
      const outcome = await operations.acquire({ lock: 'update', host: 'a', arrivedMs: 1_000, requestId: 'r' });
      return outcome.kind === 'unknown_lock' ? undefined : outcome.lock.slots;
    };
    expect(await ask()).toBe(1);
    await operations.configure({ lock: 'update', operator: 'o', arrivedMs: 1_000, version: undefined, change: { slots: 5 } });
    expect(await ask()).toBe(5);
    rules.current = lockRules({ locks: [{ name: 'update', config: lockConfig({ slots: 2 }) }] });
    expect(await ask()).toBe(2);
  });
});

describe('who asks', () => {
  test.each([
    ['nobody', {}, 401],
    ['a token that nobody has', bearer('guess'), 401],
    ['a token of another lock', bearer('narrow'), 403],
    ['a shared token and no name', bearer('shared'), 403],
    ['a shared token and a name that does not fit', { ...bearer('shared'), 'mirrortide-host': 'x.example.org' }, 403],
    ['a shared token and a name that fits', { ...bearer('shared'), 'mirrortide-host': 'x.lab.example.org' }, 200],
    ['a host that says it is another', { ...bearer('a.example.org'), 'mirrortide-host': 'b.example.org' }, 403],
    ['an operator', bearer('operator'), 403],
    ['a name without proof', { 'mirrortide-host': 'a.example.org' }, 401],
    ['the password of a URL', { authorization: `Basic ${Buffer.from('any:a.example.org').toString('base64')}` }, 200],
  ])('%s', async (_, headers, statusCode) => {
    const { send } = await setup();
    expect((await send({ ...as('', 'acquire', { requestId: 'r' }), headers })).statusCode).toBe(statusCode);
  });

  test('a certificate that the front door has verified is its common name', async () => {
    const { send } = await setup();
    const request = { ...as('', 'acquire', { requestId: 'r' }), headers: {}, certificateSubject: 'CN=c.example.org,O=Example' };
    expect((await send(request)).statusCode).toBe(200);
    const view = await send({ method: 'GET', path: '/api/v1/locks/update', headers: bearer('operator') });
    expect(JSON.parse(view.body)).toMatchObject({ holders: [{ host: 'c.example.org', state: 'offered', fence: 1 }] });
  });

  test('a plain name is believed from where the network says', async () => {
    const { send } = await setup({ ...RULES, plain: ['native'], plainFrom: ['127.0.0.0/8'] });
    const request = { ...as('', 'acquire', { requestId: 'r' }), headers: { 'mirrortide-host': 'p.example.org' } };
    expect((await send({ ...request, sourceIp: '192.0.2.1' })).statusCode).toBe(401);
    expect((await send({ ...request, sourceIp: '::ffff:127.0.0.1' })).statusCode).toBe(200);
  });
});

test('a request that is too old starts nothing', async () => {
  const { send, requests, clock } = await setup();
  const late = await send({ ...as('a.example.org', 'acquire', { requestId: 'r' }), arrivedMs: clock.nowMs - 6_000 });
  expect([late.statusCode, requests]).toEqual([503, []]);
});

test.each([
  ['GET', '/api/v1/locks/nothing', 404],
  ['POST', '/api/v1/locks/unknown/acquire', 404],
  ['GET', '/api/v1/locks/update/acquire', 405],
  ['POST', '/api/v1/locks/a%2Fb/acquire', 400],
  ['POST', '/api/v1/locks/%ff/acquire', 400],
  ['GET', '/api/v1/locks/update/events', 200],
  ['GET', '/api/v1/hosts/a.example.org/locks', 200],
  ['GET', '/api/v1/locks', 200],
  ['GET', '/elsewhere', 404],
])('%s %s is answered with %d', async (method, path, statusCode) => {
  const { send } = await setup();
  const reply = await send({
    method,
    path,
    headers: bearer('a.example.org'),
    body: method === 'POST' ? '{"requestId":"r"}' : '',
  });
  expect(reply.statusCode).toBe(statusCode);
});

test('nothing that a client sends makes a 5xx or an answer that is not JSON', async () => {
  const { send } = await setup();
  const parts = fc.constantFrom(
    'api',
    'v1',
    'v2',
    'locks',
    'update',
    'acquire',
    'release',
    'config',
    'events',
    'hosts',
    'waiters',
    '%00',
    '..',
    '__proto__',
    '',
  );
  const bodies = fc.oneof(
    fc.string(),
    fc.jsonValue().map((value) => JSON.stringify(value)),
    fc.constantFrom('{"fence":1e99}', '{"requestId":"r"}', '{"fence":0.5}'),
  );
  const request = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', '__proto__'),
    path: fc.array(parts, { maxLength: 7 }).map((all) => `/${all.join('/')}`),
    query: fc.oneof(fc.constant('since=x'), fc.string()),
    headers: fc.record({
      authorization: fc.oneof(fc.string(), fc.constantFrom('Bearer a.example.org', 'Bearer operator')),
      'if-match': fc.string(),
    }),
    body: bodies,
  });
  await fc.assert(
    fc.asyncProperty(request, async (one) => {
      const reply = await send(one);
      expect(reply.statusCode).toBeLessThan(500);
      expect(() => JSON.parse(reply.body)).not.toThrow();
    }),
    { numRuns: 300 },
  );
});
