import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { runLog } from '../../agent/log/run-log.ts';
import { lockService } from '../../agent/service/lock-service.ts';
import { NO_CREDENTIALS, REQUEST_LIMITS } from '../../agent/update/config/common-config.ts';
import type { ServiceConfig } from '../../agent/update/config/update-config.ts';

const open: { close: () => unknown }[] = [];

const listen = async (server: Server | ReturnType<typeof createTcpServer>): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(server);
  return (server.address() as AddressInfo).port;
};

const configFor = (url: string, more: Partial<ServiceConfig> = {}): ServiceConfig => ({
  ...NO_CREDENTIALS,
  ...REQUEST_LIMITS,
  baseUrl: url,
  lock: 'web:1',
  attempts: 3,
  ...more,
});

const waits: number[] = [];
const client = (config: ServiceConfig, stop = new AbortController().signal) =>
  lockService(config, {
    log: runLog({ file: undefined, fileLevel: 'error', terminal: () => {}, terminalLevel: 'error', json: false, nowMs: () => 0 }),
    sleep: async (ms) => void waits.push(ms),
    random: () => 1,
    stop,
  });

const answering = async (listener: RequestListener): Promise<string> =>
  `http://127.0.0.1:${await listen(createServer(listener))}`;

const always = (status: number, body: string, headers: Record<string, string> = {}) =>
  answering((_request, response) => void response.writeHead(status, headers).end(body));

afterEach(() => {
  for (const server of open.splice(0)) server.close();
  waits.splice(0);
});

describe('a request to the service', () => {
  it('names the lock in its path, the fence in its body and the credential in its head', async () => {
    let seen: { url: string | undefined; headers: IncomingMessage['headers']; body: string } | undefined;
    const url = await answering((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        seen = { url: request.url, headers: request.headers, body };
        response.end('{"state":"held","fence":4}');
      });
    });
    expect(await client(configFor(`${url}/base`, { token: 'T', secretId: 'I', secret: 'S' })).confirm(4)).toEqual({
      kind: 'held',
      leaseMs: undefined,
    });
    expect(seen).toMatchObject({
      url: '/base/api/v1/locks/web%3A1/confirm',
      headers: {
        authorization: 'Bearer T',
        'x-secret-id': 'I',
        'x-id': 'I',
        'x-secret': 'S',
        'content-type': 'application/json',
      },
      body: '{"fence":4}',
    });
  });

  it('claims the name of this host only where no token or certificate says it', async () => {
    const claims: unknown[] = [];
    const url = await answering((request, response) => {
      claims.push(request.headers['mirrortide-host']);
      response.end('{"state":"held","fence":4,"deadlineMs":1,"leaseMs":70000}');
    });
    expect(await client(configFor(url)).renew(4)).toEqual({ kind: 'held', leaseMs: 70_000 });
    await client(configFor(url, { token: 'T' })).renew(4);
    await client(configFor(url, { token: 'T', host: 'web-1' })).renew(4);
    expect(claims).toEqual([hostname(), undefined, 'web-1']);
  });

  it.each([
    [500, '{"kind":"backend_unavailable","value":"x"}', 'status 500'],
    [502, '<html>', 'status 502'],
    [429, '{}', 'status 429'],
    [200, '<html>log in</html>', 'status 200 with a body that is not a JSON object'],
    [404, 'Not Found', 'status 404 with a body that is not a JSON object'],
    [200, '[1]', 'status 200 with a body that is not a JSON object'],
  ])('that is answered with %i %s is made again, a bounded number of times', async (status, body, reason) => {
    let requests = 0;
    const url = await answering((_request, response) => {
      requests += 1;
      response.writeHead(status).end(body);
    });
    expect(await client(configFor(url)).release(1)).toEqual({ kind: 'unavailable', reason });
    expect([requests, waits]).toEqual([3, [1_000, 2_000]]);
  });

  it('waits at least as long as the service asks for, a minute at most', async () => {
    const asking = (seconds: string) => always(503, '{}', { 'retry-after': seconds });
    await client(configFor(await asking('7'), { attempts: 2 })).renew(1);
    await client(configFor(await asking('3600'), { attempts: 2 })).renew(1);
    expect(waits).toEqual([8_000, 61_000]);
  });

  it('never waits longer than half a minute between two attempts', async () => {
    await client(configFor(await always(500, ''), { attempts: 12 })).release(1);
    expect(Math.max(...waits)).toBe(30_000);
  });

  it('that finds nobody listening, or nobody answering, ends in time', async () => {
    const silent = await listen(createTcpServer(() => {}));
    const late = await client(configFor(`http://127.0.0.1:${silent}`, { totalMs: 100, attempts: 1 })).renew(1);
    expect(late).toEqual({ kind: 'unavailable', reason: 'no answer within 100 ms' });
    const closed = createTcpServer();
    const port = await listen(closed);
    await new Promise((resolve) => closed.close(resolve));
    expect(await client(configFor(`http://127.0.0.1:${port}`)).renew(1)).toMatchObject({ kind: 'unavailable' });
  });

  it('that is never connected ends in time', async () => {
    const port = await listen(createTcpServer(() => {}));
    const config = configFor(`https://127.0.0.1:${port}`, { connectMs: 100, attempts: 1 });
    expect(await client(config).renew(1)).toEqual({ kind: 'unavailable', reason: 'no connection within 100 ms' });
  });

  it('that is answered without end is given up', async () => {
    const url = await answering((_request, response) => void response.end(Buffer.alloc(2 << 20, 'x')));
    expect(await client(configFor(url, { attempts: 1 })).renew(1)).toEqual({
      kind: 'unavailable',
      reason: 'the answer is larger than 1048576 bytes',
    });
  });

  it('is not made at all once the agent is to stop', async () => {
    const stop = new AbortController();
    stop.abort();
    expect(await client(configFor('http://127.0.0.1:9'), stop.signal).renew(1)).toEqual({
      kind: 'unavailable',
      reason: 'stopped',
    });
  });

  it('shows the client certificate and checks the server by the given authority', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mirrortide-tls-'));
    try {
      const at = (name: string): string => join(folder, name);
      const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
      await writeFile(at('names'), 'subjectAltName=IP:127.0.0.1');
      openssl(
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        'ca.key',
        '-out',
        'ca.pem',
        '-subj',
        '/CN=ca',
        '-days',
        '2',
      );
      for (const name of ['server', 'host.example']) {
        openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
        openssl(
          'x509',
          '-req',
          '-in',
          `${name}.csr`,
          '-CA',
          'ca.pem',
          '-CAkey',
          'ca.key',
          '-CAcreateserial',
          '-out',
          `${name}.pem`,
          '-days',
          '2',
          '-extfile',
          'names',
        );
      }
      let name = '';
      const tls = {
        key: await readFile(at('server.key')),
        cert: await readFile(at('server.pem')),
        ca: await readFile(at('ca.pem')),
      };
      const server = createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (request, response) => {
        name = String((request.socket as TLSSocket).getPeerCertificate().subject.CN);
        response.end('{"state":"released"}');
      });
      const url = `https://127.0.0.1:${await listen(server)}`;
      const files = {
        caFile: at('ca.pem'),
        clientCertificateFile: at('host.example.pem'),
        clientKeyFile: at('host.example.key'),
      };
      expect(await client(configFor(url, files)).release(1)).toEqual({ kind: 'released' });
      expect(name).toBe('host.example');
      expect(await client(configFor(url, { ...files, caFile: undefined })).release(1)).toMatchObject({ kind: 'unavailable' });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('an answer of the service', () => {
  const acquired = async (status: number, body: object, headers = {}) =>
    client(configFor(await always(status, JSON.stringify(body), headers))).acquire('r', undefined);

  it.each([
    [200, { state: 'offered', fence: 3, offerMs: 1 }, { kind: 'offered', fence: 3 }],
    [200, { state: 'held', fence: 3 }, { kind: 'held', fence: 3 }],
    [202, { state: 'queued', ticket: 5, rank: 2, retryAfterMs: 70 }, { kind: 'queued', ticket: 5, rank: 2, retryAfterMs: 70 }],
    [423, { kind: 'lock_disabled', value: 'x' }, { kind: 'closed', why: 'lock_disabled: x', retryAfterMs: undefined }],
    [404, { kind: 'unknown_lock', value: 'x' }, { kind: 'refused', status: 404, reason: '404 unknown_lock: x' }],
    [200, { state: 'held' }, { kind: 'refused', status: 200, reason: '200 status 200' }],
    [200, { state: 'held', fence: '3' }, { kind: 'refused', status: 200, reason: '200 status 200' }],
  ])('to acquire: %i %j', async (status, body, outcome) => {
    expect(await acquired(status, body)).toEqual(outcome);
  });

  it('says in its header when to ask again, if not in its body', async () => {
    expect(await acquired(202, { state: 'queued' }, { 'retry-after': '7' })).toMatchObject({
      kind: 'queued',
      retryAfterMs: 7_000,
    });
    expect(await acquired(423, { kind: 'lock_halted' }, { 'retry-after': '60' })).toMatchObject({
      kind: 'closed',
      retryAfterMs: 60_000,
    });
  });

  it('tells the rest of a lease by its own clock', async () => {
    const date = 'Fri, 02 Jan 2026 03:04:05 GMT';
    const url = await always(200, JSON.stringify({ state: 'held', deadlineMs: Date.parse(date) + 9_000 }), { date });
    expect(await client(configFor(url)).renew(1)).toEqual({ kind: 'held', leaseMs: 9_000 });
  });

  it.each([
    [200, { state: 'released' }, 'released'],
    [200, { state: 'not_held' }, 'not_held'],
    [409, { kind: 'lost', value: 'x' }, 'not_held'],
    [404, { kind: 'unknown_lock', value: 'x' }, 'not_held'],
    [404, { kind: 'unknown_path', value: 'x' }, 'refused'],
    [403, { kind: 'forbidden', value: 'x' }, 'refused'],
  ])('to release: %i %j', async (status, body, kind) => {
    expect((await client(configFor(await always(status, JSON.stringify(body)))).release(1)).kind).toBe(kind);
  });
});
