import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { addressGuard } from '#adapters/net/address-guard.ts';
import { type ClosableHttpPeer, type HttpPeerOptions, httpPeer } from '#adapters/net/http-peer.ts';
import type { HttpLimits, HttpOutcome, HttpRequest } from '#ports/http-peer.ts';
import { httpServer, rawServer, type TestServer } from '../support/raw-server.ts';

vi.setConfig({ testTimeout: 60_000 });

const LIMITS: HttpLimits = { connectMs: 5_000, idleMs: 5_000, totalMs: 20_000, maxBytes: 65_536, maxRedirects: 3 };
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const peerWith = (options: Partial<HttpPeerOptions> = {}): ClosableHttpPeer => {
  const peer = httpPeer({
    guard: addressGuard({ allow: ['127.0.0.0/8'] }),
    version: '1.2.3',
    contact: 'https://mirrors.example/contact',
    maxSocketsPerHost: 4,
    allowedPorts: 'any',
    ...options,
  });
  closing.push(() => peer.close());
  return peer;
};
const kept = async (server: Promise<TestServer>): Promise<TestServer> => {
  const started = await server;
  closing.push(() => started.stop());
  return started;
};
const raw = (answer: (socket: Socket, head: string) => void): Promise<TestServer> => kept(rawServer(answer));
const serving = (...arguments_: Parameters<typeof httpServer>): Promise<TestServer> => kept(httpServer(...arguments_));
const get = (url: string, limits: Partial<HttpLimits> = {}, rest: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  url,
  limits: { ...LIMITS, ...limits },
  ...rest,
});
const failure = (outcome: HttpOutcome): string => (outcome.kind === 'failed' ? outcome.failure : `answered ${outcome.status}`);
const text = (outcome: HttpOutcome): string =>
  outcome.kind === 'answered' ? Buffer.from(outcome.body).toString() : `failed ${outcome.failure}: ${outcome.reason}`;

describe('an honest server', () => {
  it('is answered with status, headers and body, and sees who asks', async () => {
    const server = await serving((request, response) => {
      response.setHeader('x-twice', ['a', 'b']);
      response.setHeader('content-encoding', 'gzip');
      response.end(JSON.stringify(request.headers));
    });
    const outcome = await peerWith().request(
      get(`${server.url}/a`, {}, { headers: { 'if-none-match': '"x"', 'user-agent': 'no' } }),
    );
    if (outcome.kind !== 'answered') throw new Error(outcome.reason);
    expect([outcome.status, outcome.url, outcome.headers['x-twice'], outcome.headers['content-encoding']]).toEqual([
      200,
      `${server.url}/a`,
      'a, b',
      'gzip',
    ]);
    // Said to be compressed and passed on as it came: nothing here ever decompresses.
    expect(JSON.parse(text(outcome))).toEqual({
      accept: '*/*',
      'accept-encoding': 'identity',
      connection: 'keep-alive',
      host: `127.0.0.1:${server.port}`,
      'if-none-match': '"x"',
      'user-agent': 'mirrortide/1.2.3 (+https://mirrors.example/contact)',
    });
  });

  it('is asked over one connection again and again', async () => {
    // With a length: node's server closes after an answer to HEAD that has none.
    const server = await serving((_, response) => response.setHeader('content-length', 1).end('x'));
    const peer = peerWith();
    for (let round = 0; round < 5; round += 1) expect(text(await peer.request(get(server.url)))).toBe('x');
    for (let round = 0; round < 5; round += 1) {
      expect(failure(await peer.request({ ...get(server.url), method: 'HEAD' }))).toBe('answered 200');
    }
    expect(server.connections()).toBe(1);
  });

  it('never gets more connections at a time than allowed', async () => {
    const server = await serving((_, response) => setImmediate(() => response.end('x')));
    const peer = peerWith({ maxSocketsPerHost: 2 });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => peer.request(get(server.url))));
    expect(outcomes.map(text)).toEqual(Array.from({ length: 20 }, () => 'x'));
    expect(server.connections()).toBe(2);
  });

  it('that closed a kept connection in silence gets the request again on a new one', async () => {
    let asked = 0;
    const server = await raw((socket) => {
      asked += 1;
      // The second request meets a connection that dies under it.
      if (asked === 2) return void socket.destroy();
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx');
    });
    const peer = peerWith();
    expect([text(await peer.request(get(server.url))), text(await peer.request(get(server.url)))]).toEqual(['x', 'x']);
  });

  it('may redirect, also with raw UTF-8 in the location', async () => {
    const server = await serving((request, response) => {
      if (request.url === '/a')
        return void response.writeHead(302, { location: Buffer.from('/grün b').toString('latin1') }).end('moved');
      response.end(request.url);
    });
    expect(text(await peerWith().request(get(`${server.url}/a`)))).toBe('/gr%C3%BCn%20b');
  });

  it('is answered with the status of an error even when its error page is endless', async () => {
    const server = await raw((socket) => {
      socket.write('HTTP/1.1 404 Not Found\r\n\r\n');
      const pour = (): void => {
        while (socket.writable && socket.write('page '.repeat(4_000)));
        socket.once('drain', pour);
      };
      pour();
    });
    const outcome = await peerWith().request(get(server.url, { maxBytes: 10 }));
    expect([failure(outcome), text(outcome)]).toEqual(['answered 404', 'page page ']);
    expect(failure(await peerWith().stream(get(server.url), () => undefined))).toBe('answered 404');
  });

  it('streams a large body in pieces, waiting for the consumer and not counting its time as silence', async () => {
    const server = await serving((_, response) => response.end(Buffer.alloc(3_000_000, 'a')));
    let seen = 0;
    let busy = 0;
    const outcome = await peerWith().stream(get(server.url, { maxBytes: 3_000_000, idleMs: 2_000 }), async (chunk) => {
      busy += 1;
      expect(busy).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      seen += chunk.length;
      busy -= 1;
    });
    expect([failure(outcome), text(outcome), seen]).toEqual(['answered 200', '', 3_000_000]);
  });

  it('may be read by a consumer that takes longer than the server may stay silent', async () => {
    const server = await serving((_, response) => response.end(Buffer.alloc(8_000_000, 'a')));
    let slow = true;
    const outcome = await peerWith().stream(get(server.url, { idleMs: 400, maxBytes: 8_000_000 }), async () => {
      if (slow) await new Promise((resolve) => setTimeout(resolve, 900));
      slow = false;
    });
    expect(failure(outcome)).toBe('answered 200');
  });

  it("gives the consumer's own error back to the consumer", async () => {
    const server = await serving((_, response) => response.end('x'));
    const trouble = new Error('the disk is full');
    await expect(
      peerWith().stream(get(server.url), () => {
        throw trouble;
      }),
    ).rejects.toBe(trouble);
  });
});

describe('a server that misbehaves', () => {
  const SHORT = { idleMs: 150, totalMs: 5_000 };
  const attacks: [string, (socket: Socket) => void, string, Partial<HttpLimits>][] = [
    ['never answers', () => undefined, 'timeout', SHORT],
    ['drips its headers', (socket) => drip(socket, 'HTTP/1.1 200 OK\r\nX: ', 'a'), 'timeout', SHORT],
    [
      'drips its body for ever',
      (socket) => drip(socket, 'HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n', 'a'),
      'timeout',
      { idleMs: 2_000, totalMs: 300 },
    ],
    [
      'stops in the middle of the body',
      (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'),
      'timeout',
      SHORT,
    ],
    ['sends endless headers', (socket) => pour(socket, 'HTTP/1.1 200 OK\r\n', 'X: aaaaaaaaaaaaaaaa\r\n'), 'too-large', {}],
    ['sends one endless header', (socket) => pour(socket, 'HTTP/1.1 200 OK\r\nX: ', 'aaaaaaaa'), 'too-large', {}],
    ['sends endless informational answers', (socket) => pour(socket, '', 'HTTP/1.1 103 Early Hints\r\n\r\n'), 'protocol', {}],
    ['sends an endless body', (socket) => pour(socket, 'HTTP/1.1 200 OK\r\n\r\n', 'aaaaaaaa'), 'too-large', {}],
    [
      'sends endless chunks',
      (socket) => pour(socket, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\na\r\n'),
      'too-large',
      { maxBytes: 2_000 },
    ],
    [
      'sends an endless chunk extension',
      (socket) => pour(socket, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;', 'aaaaaaaa'),
      'protocol',
      {},
    ],
    [
      'sends endless trailers',
      (socket) => pour(socket, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n', 'X: aaaaaaaaaaa\r\n'),
      'protocol',
      {},
    ],
    [
      'announces more than we take',
      (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n'),
      'too-large',
      {},
    ],
    [
      'closes before the length it announced',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'),
      'protocol',
      {},
    ],
    [
      'closes in the middle of a chunk',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc'),
      'protocol',
      {},
    ],
    ['closes without an answer', (socket) => socket.end(), 'protocol', {}],
    ['closes in the middle of the headers', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-'), 'protocol', {}],
    ['sends a garbage status line', (socket) => socket.end('ICY \u0000\u0001 yes\r\n\r\n'), 'protocol', {}],
    ['speaks another protocol', (socket) => socket.end('@RSYNCD: 31.0 sha512 sha256\n'), 'protocol', {}],
    [
      'names two lengths',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
      'protocol',
      {},
    ],
    [
      'wants to upgrade',
      (socket) => socket.write('HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc'),
      'protocol',
      {},
    ],
    [
      'resets in the middle of the body',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', () => socket.resetAndDestroy());
      },
      'protocol',
      {},
    ],
  ];
  const pour = (socket: Socket, head: string, piece: string): void => {
    socket.write(head);
    const block = piece.repeat(512);
    const more = (): void => {
      while (socket.writable && socket.write(block));
      socket.once('drain', more);
    };
    more();
  };
  const drip = (socket: Socket, head: string, piece: string): void => {
    socket.write(head);
    const timer = setInterval(() => socket.write(piece), 20);
    socket.once('close', () => clearInterval(timer));
  };

  it.each(attacks)('%s', async (_, answer, expected, limits) => {
    const server = await raw(answer);
    expect(failure(await peerWith().request(get(server.url, limits)))).toBe(expected);
    expect(failure(await peerWith().stream(get(server.url, limits), () => undefined))).toBe(expected);
  });

  it('answers HEAD with a body, and the body is not taken for the next answer', async () => {
    const server = await raw((socket, head) =>
      socket.write(
        head.startsWith('HEAD')
          ? 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody'
          : 'HTTP/1.1 201 OK\r\nContent-Length: 4\r\n\r\ntrue',
      ),
    );
    const peer = peerWith();
    const outcome = await peer.request({ ...get(server.url), method: 'HEAD' });
    expect([failure(outcome), text(outcome)]).toEqual(['answered 200', '']);
    expect(text(await peer.request(get(server.url)))).toBe('true');
  });

  it('announces less than it sends, and the rest is dropped with the connection', async () => {
    const server = await raw((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabcdef'));
    const peer = peerWith();
    expect([text(await peer.request(get(server.url))), text(await peer.request(get(server.url)))]).toEqual(['ab', 'ab']);
  });

  it('never makes a reason that is long or holds control characters', async () => {
    const server = await raw((socket) =>
      socket.end(`HTTP/1.1 302 Found\r\nLocation: gopher://x/${'\u009b[31m'.repeat(500)}\r\n\r\n`),
    );
    const outcome = await peerWith().request(get(server.url));
    expect(outcome.kind === 'failed' ? outcome.reason : '').toMatch(/^[\x20-\x7e]{1,200}$/);
  });

  it('is an outcome whatever bytes it answers', async () => {
    let answer = Buffer.alloc(0);
    const server = await raw((socket) => socket.end(answer));
    const peer = peerWith();
    const good = Buffer.from(
      'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\nLocation: /b\r\n\r\n4\r\nabcd\r\n0\r\n\r\n',
    );
    const mutated = fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 6 })
      .map((changes) => {
        const copy = Buffer.from(good);
        for (const [at, value] of changes) copy[at] = value;
        return copy;
      });
    const cut = fc.tuple(mutated, fc.nat(good.length)).map(([bytes, length]) => bytes.subarray(0, length));
    const anything = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    const status = fc.integer({ min: 100, max: 599 }).map((code) => Buffer.from(good.toString().replace('200', `${code}`)));
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutated, cut, anything, status), fc.constantFrom('GET', 'HEAD'), async (bytes, method) => {
        answer = Buffer.from(bytes);
        const outcome = await peer.request({ ...get(server.url, { idleMs: 1_000 }), method });
        expect(['answered', 'failed']).toContain(outcome.kind);
        if (outcome.kind === 'failed') expect(outcome.reason).toMatch(/^[\x20-\x7e]{0,200}$/);
      }),
      { numRuns: 600 },
    );
  });
});

describe('addresses', () => {
  it.each([
    ['http://169.254.169.254/latest/meta-data/'],
    ['http://127.0.0.2/'],
    ['http://[::1]/'],
    ['http://[::ffff:127.0.0.1]/'],
    ['http://2130706433/'],
    ['http://0x7f.1/'],
    ['http://localhost/'],
    ['http://user:secret@1.1.1.1/'],
    ['http://user@1.1.1.1/'],
    ['http://:secret@1.1.1.1/'],
    ['http://1.1.1.1:22/'],
    ['ftp://1.1.1.1/'],
    ['file:///etc/passwd'],
    ['not a url'],
  ])('%s is refused without a connection', async (url) => {
    const outcome = await peerWith({ guard: addressGuard(), allowedPorts: [8080] }).request(get(url));
    expect(failure(outcome)).toBe('refused');
  });

  it('are checked at every redirect', async () => {
    const inside = await serving((_, response) => response.end('secret'), '127.0.0.2');
    const targets = [
      inside.url,
      'http://169.254.169.254/',
      'file:///etc/passwd',
      'http://a:b@127.0.0.1/',
      '//127.0.0.2/',
      'http://',
    ];
    const server = await serving((request, response) =>
      response.writeHead(301, { location: targets[Number(request.url?.slice(1))] ?? '' }).end(),
    );
    const peer = peerWith({ guard: addressGuard({ allow: ['127.0.0.1'] }) });
    const outcomes = [];
    for (const index of targets.keys()) outcomes.push(failure(await peer.request(get(`${server.url}/${index}`))));
    expect(outcomes).toEqual(['refused', 'refused', 'refused', 'refused', 'refused', 'redirects']);
    expect(inside.connections()).toBe(0);
  });

  it('are checked on the connection itself, before a byte is sent', async () => {
    let seen = '';
    const server = createServer((socket) => {
      socket.on('data', (data) => {
        seen += data.toString();
      });
      socket.on('error', () => undefined);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(() => server.close());
    // A name service that lies to the guard's lookup: whatever it let through, the socket's own address decides.
    const honest = addressGuard();
    const guard = { ...honest, lookup: addressGuard({ allow: ['127.0.0.0/8'] }).lookup };
    const gone = once(server, 'connection').then(([socket]: Socket[]) => once(socket ?? server, 'close'));
    const outcome = await peerWith({ guard }).request(get(`http://localhost:${(server.address() as AddressInfo).port}/`));
    await gone;
    expect([failure(outcome), seen]).toEqual(['refused', '']);
  });

  it('allow only the named ports', async () => {
    const server = await serving((_, response) => response.end('x'));
    expect(text(await peerWith({ allowedPorts: [server.port] }).request(get(server.url)))).toBe('x');
    expect(failure(await peerWith({ allowedPorts: [] }).request(get(server.url)))).toBe('refused');
  });

  it('that do not exist are a failure of the name, closed ports one of the connection', async () => {
    const guard = addressGuard({
      resolve: (_host, _options, done) =>
        done(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND', syscall: 'getaddrinfo' }), []),
    });
    expect(failure(await peerWith({ guard }).request(get('http://nowhere.example/')))).toBe('dns');
    const server = await rawServer(() => undefined);
    await server.stop();
    expect(failure(await peerWith().request(get(server.url)))).toBe('connect');
  });
});

describe('redirects', () => {
  it('end after the allowed number', async () => {
    let asked = 0;
    const server = await serving((_, response) => {
      asked += 1;
      response.writeHead(302, { location: `/${asked}` }).end();
    });
    expect(failure(await peerWith().request(get(server.url, { maxRedirects: 3 })))).toBe('redirects');
    expect(asked).toBe(4);
    expect(failure(await peerWith().request(get(server.url, { maxRedirects: 0 })))).toBe('redirects');
  });

  it('share one time limit', async () => {
    const server = await serving((_, response) => void setTimeout(() => response.writeHead(302, { location: '/' }).end(), 50));
    expect(failure(await peerWith().request(get(server.url, { maxRedirects: 1_000_000, totalMs: 400 })))).toBe('timeout');
  });
});

describe('https', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mirrortide-tls-'));
  let certificate = '';
  let key = '';
  beforeAll(() => {
    const made = spawnSync('openssl', [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=localhost',
      ],
      ...['-addext', 'subjectAltName=DNS:localhost', '-keyout', join(folder, 'key'), '-out', join(folder, 'cert')],
    ]);
    if (made.status !== 0)
      throw new Error(`openssl is needed: apt-get install openssl (${made.stderr?.toString() ?? made.error})`);
    certificate = readFileSync(join(folder, 'cert'), 'utf8');
    key = readFileSync(join(folder, 'key'), 'utf8');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const secure = async (): Promise<number> => {
    const server = createHttpsServer({ key, cert: certificate }, (request, response) => {
      if (request.url === '/down') return void response.writeHead(302, { location: `http://localhost:${plain.port}/` }).end();
      response.end('safe');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const plain = await serving((_, response) => response.end('plain'));
    closing.push(
      () => server.closeAllConnections(),
      () => server.close(),
    );
    return (server.address() as AddressInfo).port;
  };

  it('needs a certificate of a known authority, and the right name', async () => {
    const port = await secure();
    const trusting = peerWith({ certificateAuthorities: [certificate] });
    expect(failure(await peerWith().request(get(`https://localhost:${port}/`)))).toBe('tls');
    expect(failure(await trusting.request(get(`https://127.0.0.1:${port}/`)))).toBe('tls');
    expect(text(await trusting.request(get(`https://localhost:${port}/`)))).toBe('safe');
  });

  it('is not left for http by a redirect, unless that is allowed', async () => {
    const port = await secure();
    const certificateAuthorities = [certificate];
    const strict = peerWith({ certificateAuthorities });
    const loose = peerWith({ certificateAuthorities, allowDowngrade: true });
    expect(failure(await strict.request(get(`https://localhost:${port}/down`)))).toBe('redirects');
    expect(text(await loose.request(get(`https://localhost:${port}/down`)))).toBe('plain');
  });

  it('on a server that does not speak it is a failure of tls, also when it stays silent', async () => {
    const talking = await raw(() => undefined);
    const answering = createServer((socket) => void socket.on('error', () => undefined).end('HTTP/1.1 400 Bad\r\n\r\n')).listen(
      0,
      '127.0.0.1',
    );
    await once(answering, 'listening');
    closing.push(() => answering.close());
    expect(failure(await peerWith().request(get(`https://127.0.0.1:${talking.port}/`, { connectMs: 200 })))).toBe('timeout');
    expect(failure(await peerWith().request(get(`https://127.0.0.1:${(answering.address() as AddressInfo).port}/`)))).toBe('tls');
  });
});
