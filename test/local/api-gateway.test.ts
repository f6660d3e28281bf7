import { once } from 'node:events';
import { connect } from 'node:net';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { httpApi } from '#lambda/http-api.ts';
import { type HttpCall, jsonReply } from '#wire/api/http-call.ts';
import { apiGateway } from '../../local/edge/api-gateway.ts';
import type { ApiStage } from '../../local/edge/api-routes.ts';
import { type EdgeServer, startEdgeServer } from '../../local/edge/edge-server.ts';
import type { Authorization } from '../../local/edge/jwt-authorizer.ts';

const NOW_MS = Date.UTC(2026, 0, 15, 12);
const MAX_BODY_BYTES = 65_536;
const LOCKS = '/api/v1/locks/update';

let server: EdgeServer;
let events: APIGatewayProxyEventV2[] = [];
let stages: ApiStage[] = [];
let authorize: (header: string | undefined) => Authorization;
let answer: (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;
const faults: unknown[] = [];

beforeAll(async () => {
  server = await startEdgeServer({
    port: 0,
    address: '127.0.0.1',
    respond: async () => ({ status: 200, headers: { 'content-type': 'text/plain' }, body: Buffer.from('from the cache\n') }),
    gateway: apiGateway({
      now: () => NOW_MS,
      authorize: async (header) => authorize(header),
      invoke: (stage, event) => {
        stages.push(stage);
        events.push(event);
        return answer(event);
      },
    }),
    accessLog: undefined,
    onFault: (error) => faults.push(error),
  });
});
afterAll(() => server.close());
beforeEach(() => {
  events = [];
  stages = [];
  authorize = () => ({ kind: 'refused' });
  faults.length = 0;
  answer = async () => jsonReply(200, {});
});

const send = (path: string, request: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${server.port}${path}`, { redirect: 'manual', ...request });
/** As written, for what no client library sends. */
const raw = async (text: string): Promise<string> => {
  const socket = connect(server.port, '127.0.0.1');
  let answered = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (answered += chunk));
  socket.write(text);
  await once(socket, 'close');
  return answered;
};

describe('the paths of the locks', () => {
  test.each([
    '/api/v1/locks',
    '/api/v1/locks/',
    '/api/v1/locks/a%2Fb/acquire',
    '/api/v1/hosts/a.example.org/locks',
    '/v1/pre-reboot',
    '/v1/steady-state/',
    '/api/dlmlocks',
    '/api/v1/dlmlocks/7',
    '/api/v2/dlmlocks/update/acquire',
    '/dlmengine',
    '/dlmengine/versions',
    '/dlmengine/api/v2/orgs/x/locks/y',
    '//api/v1/locks',
    '/api//v1/locks',
  ])('%s', async (path) => {
    expect((await send(path)).status).toBe(200);
    expect(events.map(({ rawPath }) => rawPath)).toEqual([path]);
  });

  test.each([
    '/',
    '/api',
    '/api/v1',
    '/api/v1/locksmith',
    '/api/v2/locks',
    '/api/v3/dlmlocks',
    '/v1/pre-reboots',
    '/dlmengines',
    '/API/v1/locks',
    '/mirror/api/v1/locks',
    '/mirrorlist?path=/api/v1/locks',
  ])('are not %s', async (path) => {
    expect(await (await send(path)).text()).toBe('from the cache\n');
    expect(events).toEqual([]);
  });
});

describe('the other APIs', () => {
  test.each<[ApiStage, string]>([
    ['hosts-api', '/api/v1/checkins'],
    ['hosts-api', '/xmlrpc'],
    ['hosts-api', '/xmlrpc/'],
    ['hosts-api', '/api/v1/syncs/s1'],
    ['hosts-api', '/api/v1/syncs/s1/heartbeat'],
    ['hosts-api', '/api/v1/hosts/m1/syncs'],
    ['hosts-api', '/api/v1/hosts/m1/categories/linux/syncs'],
    ['admin-api', '/api/openapi.json'],
  ])('%s answers %s, and no token is asked for', async (stage, path) => {
    expect((await send(path, { headers: { authorization: 'Bearer t' } })).status).toBe(200);
    expect([stages, events.map(({ requestContext }) => 'authorizer' in requestContext)]).toEqual([[stage], [false]]);
  });

  test.each<[ApiStage, string]>([
    ['hosts-api', '/api/v1/hosts/m1/categories/linux/hold'],
    ['hosts-api', '/api/v1/hosts/m1/categories/linux/release'],
    ['admin-api', '/api/v1/me'],
    ['admin-api', '/api/v1/hosts'],
    ['admin-api', '/api/v1/hosts/m1'],
    ['admin-api', '/api/v1/hosts/m1/tokens'],
    ['admin-api', '/api/v1/settings/policies'],
  ])('%s answers %s to whoever has a token, and is told whose', async (stage, path) => {
    const refused = await send(path, { headers: { authorization: 'Bearer t' } });
    expect([refused.status, await refused.json(), stages]).toEqual([401, { message: 'Unauthorized' }, []]);
    authorize = (header) => ({ kind: 'verified', claims: { sub: header ?? '', groups: '[a b]' } });
    const calls: HttpCall[] = [];
    answer = httpApi(async (call) => {
      calls.push(call);
      return jsonReply(200, {});
    });
    expect((await send(path, { headers: { authorization: 'Bearer t' } })).status).toBe(200);
    expect([stages, calls.map(({ claims }) => claims)]).toEqual([[stage], [{ sub: 'Bearer t', groups: '[a b]' }]]);
  });

  test('take a body of ten megabytes, and say who is to blame when nobody can verify a token', async () => {
    const body = Buffer.alloc(10_485_760, 'x');
    expect((await send('/xmlrpc', { method: 'POST', body })).status).toBe(200);
    authorize = () => ({ kind: 'unavailable' });
    expect((await send('/api/v1/me')).status).toBe(503);
  });
});

describe('a request', () => {
  test('reaches the function as an HTTP API hands it on', async () => {
    await send(`${LOCKS}/acquire?since=3&a=%20b`, {
      method: 'POST',
      headers: { authorization: 'Bearer t', 'content-type': 'application/json', 'user-agent': 'agent/1' },
      body: '{"requestId":"ü"}',
    });
    expect(events).toEqual([
      {
        version: '2.0',
        routeKey: '$default',
        rawPath: `${LOCKS}/acquire`,
        rawQueryString: 'since=3&a=%20b',
        headers: expect.objectContaining({
          authorization: 'Bearer t',
          'content-type': 'application/json',
          'user-agent': 'agent/1',
          host: `127.0.0.1:${server.port}`,
        }),
        requestContext: {
          accountId: 'anonymous',
          apiId: 'local',
          domainName: 'locks.localhost',
          domainPrefix: 'locks',
          http: {
            method: 'POST',
            path: `${LOCKS}/acquire`,
            protocol: 'HTTP/1.1',
            sourceIp: '127.0.0.1',
            userAgent: 'agent/1',
          },
          requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          routeKey: '$default',
          stage: '$default',
          time: '2026-01-15T12:00:00.000Z',
          timeEpoch: NOW_MS,
        },
        body: Buffer.from('{"requestId":"ü"}').toString('base64'),
        isBase64Encoded: true,
      },
    ]);
  });

  test('without a body has none', async () => {
    await send(LOCKS);
    expect(events.map((event) => ['body' in event, event.isBase64Encoded])).toEqual([[false, false]]);
  });

  test('cannot claim a certificate, another address or another time: no header becomes a part of the context', async () => {
    const claims = {
      'x-forwarded-for': '203.0.113.9',
      'x-amzn-mtls-clientcert': 'forged',
      'x-amzn-mtls-clientcert-subject': 'CN=a.example.org',
      'ssl-client-subject-dn': 'CN=a.example.org',
      date: 'Thu, 01 Jan 1970 00:00:00 GMT',
    };
    const calls: HttpCall[] = [];
    answer = httpApi(async (call) => {
      calls.push(call);
      return jsonReply(200, {});
    });
    await send(LOCKS, { headers: claims });
    expect(calls).toMatchObject([{ sourceIp: '127.0.0.1', arrivedMs: NOW_MS, certificateSubject: undefined, claims: undefined }]);
  });

  test('keeps its body, whatever its bytes, and the values of a header that came twice', async () => {
    const bodies: string[] = [];
    answer = httpApi(async ({ body }) => {
      bodies.push(body);
      return jsonReply(200, {});
    });
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1 }), async (text) => {
        bodies.length = 0;
        // A lone half of a surrogate pair is no UTF-8.
        const body = Buffer.from(text).toString('utf8');
        await send(LOCKS, { method: 'POST', body });
        expect(bodies).toEqual([body]);
      }),
      { numRuns: 50 },
    );
    events = [];
    await raw(`GET ${LOCKS} HTTP/1.1\r\nHost: x\r\nX-Twice: a\r\nX-Twice: b\r\nConnection: close\r\n\r\n`);
    expect(events.map(({ headers }) => headers['x-twice'])).toEqual(['a, b']);
  });

  test('of any method is handed on, and never answered from a cache', async () => {
    for (const method of ['GET', 'GET', 'PUT', 'DELETE', 'PATCH']) await send(LOCKS, { method });
    expect(events.map(({ requestContext }) => requestContext.http.method)).toEqual(['GET', 'GET', 'PUT', 'DELETE', 'PATCH']);
  });
});

describe('a body', () => {
  test('of the greatest length is handed on whole', async () => {
    const body = Buffer.alloc(MAX_BODY_BYTES, 'x');
    expect((await send(LOCKS, { method: 'POST', body })).status).toBe(200);
    expect(events.map((event) => Buffer.from(event.body ?? '', 'base64').equals(body))).toEqual([true]);
  });

  test.each([
    ['said beforehand', ''],
    ['in chunks', 'chunked'],
  ])('that is longer, its length %s, is refused in JSON, and the function is not bothered', async (_how, coding) => {
    const length = MAX_BODY_BYTES + 1;
    const header = coding === '' ? `Content-Length: ${length}` : 'Transfer-Encoding: chunked';
    const start = coding === '' ? '' : `${(length + 1_000).toString(16)}\r\n`;
    const answered = await raw(`POST ${LOCKS} HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n${start}${'x'.repeat(length)}`);
    const [head = '', body = ''] = answered.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 413 /);
    expect(head.toLowerCase()).toContain('\r\nconnection: close');
    expect(JSON.parse(body)).toEqual({ kind: 'body_too_large', value: 'A body may have 65536 bytes.' });
    expect(events).toEqual([]);
    expect(faults).toEqual([]);
  });
});

describe('an answer', () => {
  test('goes to the client as it is, its header names in lower case', async () => {
    answer = async () => ({ statusCode: 423, headers: { 'Retry-After': '300', 'X-Number': 7 }, body: '{"kind":"lock_halted"}' });
    const response = await send(LOCKS, { method: 'POST', headers: { 'accept-encoding': 'gzip' }, body: '{}' });
    expect([response.status, response.headers.get('retry-after'), response.headers.get('x-number')]).toEqual([423, '300', '7']);
    expect(await response.text()).toBe('{"kind":"lock_halted"}');
  });

  test('may be base64, and may say nothing', async () => {
    answer = async () => ({ statusCode: 200, body: Buffer.from('ü').toString('base64'), isBase64Encoded: true });
    expect(await (await send(LOCKS)).text()).toBe('ü');
    answer = async () => ({});
    const response = await send(LOCKS);
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  test('is 503 in JSON, and says when to ask again, when the function fails', async () => {
    answer = async () => Promise.reject(new Error('out of memory'));
    const response = await send(LOCKS);
    expect([response.status, response.headers.get('retry-after'), await response.json()]).toEqual([
      503,
      '5',
      { kind: 'backend_unavailable', value: 'The locks do not answer for now; ask again.' },
    ]);
    expect(faults).toEqual([]);
  });
});
