import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type AddressGuard, addressGuard } from '#adapters/net/address-guard.ts';
import { DEFAULT_LISTING_LIMITS, rsyncLister } from '#adapters/net/rsync-lister.ts';
import { RsyncSession } from '#adapters/net/rsync-session.ts';
import { parseRsyncUrl } from '#adapters/net/rsync-url.ts';
import type { ListedEntry, Listing, ListingOptions } from '#ports/file-lister.ts';
import { type RsyncDaemon, startRsyncDaemon } from '../support/rsync-daemon.ts';
import {
  data,
  frame,
  listEnd,
  OPENING,
  ROOT,
  type ScriptedServer,
  startRecorder,
  startScriptedServer,
  wireEntry,
} from '../support/rsync-stream.ts';

const guard = addressGuard({ allow: ['127.0.0.0/8'] });
const lister = rsyncLister({ guard, allowedPorts: 'any' });

/** What the server does on the next connection; one server for all tests. */
let script: (socket: Socket) => void = (socket) => socket.destroy();
let server: ScriptedServer;

beforeAll(async () => {
  server = await startScriptedServer((socket) => script(socket));
});

afterAll(() => server?.stop());

interface Attempt {
  readonly listing: Listing;
  readonly paths: string[];
}

const against = async (behaviour: typeof script, options: ListingOptions = {}): Promise<Attempt> => {
  script = behaviour;
  const paths: string[] = [];
  const listing = await lister.list(server.url, (entry) => paths.push(entry.path), options);
  return { listing, paths };
};

const sends =
  (...pieces: (Buffer | string)[]): typeof script =>
  (socket) =>
    socket.end(Buffer.concat(pieces.map((piece) => Buffer.from(piece))));

/** Sends the opening, then the same again and again as fast as the client takes it. */
const floods =
  (opening: Buffer | string, again: Buffer): typeof script =>
  (socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(again));
    };
    socket.on('drain', more);
    socket.write(opening);
    more();
  };

const listOf = (...entries: Buffer[]): typeof script => sends(OPENING, data(ROOT, ...entries, listEnd()));
const named = (name: string | Buffer, more = {}): Buffer => wireEntry({ name, ...more });

describe('a peer that behaves', () => {
  it('may split and fill its stream as it likes', async () => {
    const { listing, paths } = await against(
      sends(
        '@RSYNCD: 99.0 sha512\nwelcome\r\n\n@RSYNCD: OK\n',
        Buffer.alloc(4),
        frame(42, ''),
        data(),
        data(ROOT.subarray(0, 3)),
        frame(2, 'some information'),
        data(ROOT.subarray(3), named('a')),
        frame(4, 'a warning'),
        data(named('b', { shared: 0 })),
        data(listEnd().subarray(0, 2)),
        frame(33, Buffer.alloc(4)),
        data(listEnd().subarray(2)),
      ),
    );
    expect(listing).toEqual({ kind: 'complete', entries: 3, bytesReceived: expect.any(Number) });
    expect(paths).toEqual(['', 'a', 'b']);
  });

  it('may keep the connection open after the list', async () => {
    const { listing } = await against((socket) => socket.write(Buffer.concat([OPENING, data(ROOT, listEnd())])), {
      limits: { goodbyeMs: 50 },
    });
    expect(listing).toMatchObject({ kind: 'complete', entries: 1 });
  });

  it('is believed when it says that something is missing', async () => {
    for (const stream of [
      data(ROOT, listEnd(1)),
      Buffer.concat([data(ROOT), frame(22, Buffer.from([2, 0, 0, 0])), data(listEnd())]),
      Buffer.concat([frame(1, 'opendir failed'), data(ROOT, listEnd())]),
    ]) {
      expect((await against(sends(OPENING, stream))).listing).toMatchObject({ kind: 'partial', entries: 1 });
    }
  });
});

describe('a name that shares a prefix', () => {
  it('shares bytes and not characters', async () => {
    const { paths } = await against(
      listOf(
        named('é1'),
        named('2', { shared: 2 }),
        named(Buffer.of(0xa8), { shared: 1 }),
        named('x', { shared: 1 }),
        named('y'),
      ),
    );
    expect(paths).toEqual(['', 'é1', 'é2', 'è', 'Ãx', 'y']);
  });

  it('has one byte of flags before protocol 28', async () => {
    const entry = named('a');
    entry[0] = (entry[0] ?? 0) | 0x04;
    const { listing, paths } = await against(sends('@RSYNCD: 27\n@RSYNCD: OK\n', Buffer.alloc(4), data(ROOT, entry, listEnd())));
    expect(listing.kind).toBe('complete');
    expect(paths).toEqual(['', 'a']);
  });
});

describe('a slow peer', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('has its time anew with each piece', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const pieces = [OPENING, data(ROOT), ...Array.from({ length: 5 }, (_, n) => data(named(`${n}`))), data(listEnd())];
    let send: () => void = () => undefined;
    script = (socket) => {
      send = () => {
        const piece = pieces.shift();
        if (piece === undefined) socket.end();
        else socket.write(piece);
      };
      send();
      send();
    };
    const limits = { idleMs: 1_000, goodbyeMs: 1_000 };
    const onEntry = (): void => {
      vi.advanceTimersByTime(900);
      send();
      if (pieces.length === 0) send();
    };
    expect(await lister.list(server.url, onEntry, { limits })).toMatchObject({ kind: 'complete', entries: 6 });
  });
});

describe('a hostile name', () => {
  it.each([
    ['is absolute', named('/etc/passwd')],
    ['is only a slash', named('/')],
    ['climbs', named('../x')],
    ['is a climb', named('..')],
    ['climbs in the middle', named('a/../b')],
    ['climbs at the end', named('a/..')],
    ['stays', named('./a')],
    ['stays in the middle', named('a/./b')],
    ['has an empty step', named('a//b')],
    ['ends with a slash', named('a/')],
    ['holds a NUL', named('a\0b')],
    ['is empty', named('')],
    ['shares more than there is', named('a', { shared: 2 })],
    ['is longer than a path can be', named('x'.repeat(4_096))],
    ['has a negative length', named('', { length: -1 })],
    ['has a length near 2^31', named('', { length: 0x7fff_ffff })],
    ['is too long with its prefix', Buffer.concat([named('y'.repeat(4_000)), named('x'.repeat(4_000), { shared: 255 })])],
    ['becomes a climb when the rest is cut off', Buffer.concat([named('..hidden'), named('', { shared: 2 })])],
    ['becomes a climb by its prefix', Buffer.concat([named('a/.x'), named('./y', { shared: 3 })])],
  ])('is refused when it %s', async (_, entry) => {
    const { listing, paths } = await against(listOf(entry));
    expect(listing).toMatchObject({ kind: 'broken', cause: 'protocol' });
    expect(paths.every((path) => path === '' || path === '..hidden' || path === 'a/.x' || /^y+$/.test(path))).toBe(true);
  });

  it('is taken when it only looks like one', async () => {
    const names = ['...', '..a', 'a..', '.a/.b', 'a/..b', 'a/b..', 'new\nline', 'z'.repeat(4_095)];
    const { listing, paths } = await against(listOf(...names.map((name) => named(name))));
    expect(listing.kind).toBe('complete');
    expect(paths).toEqual(['', ...names]);
  });
});

describe('a hostile number', () => {
  it.each([
    ['a negative size', named('a', { size: -2 })],
    ['a negative long size', named('a', { size: -2n })],
    ['a size beyond the safe integers', named('a', { size: 2n ** 53n })],
    ['the largest size', named('a', { size: 2n ** 63n - 1n })],
  ])('is refused: %s', async (_, entry) => {
    expect((await against(listOf(entry))).listing).toMatchObject({ kind: 'broken', cause: 'protocol', entries: 1 });
  });

  it('is taken up to its limits', async () => {
    const entries: ListedEntry[] = [];
    script = listOf(named('a', { size: 2n ** 53n - 1n, time: 2 ** 32 - 1, mode: 2 ** 32 - 1 }));
    await lister.list(server.url, (entry) => entries.push(entry));
    expect(entries.at(-1)).toEqual({
      path: 'a',
      kind: 'other',
      sizeBytes: Number.MAX_SAFE_INTEGER,
      modifiedSeconds: 2 ** 32 - 1,
      mode: 2 ** 32 - 1,
    });
  });
});

describe('a hostile stream', () => {
  const NOOPS = Buffer.concat(Array.from({ length: 1_000 }, () => frame(42, '')));
  const EMPTY_DATA = Buffer.concat(Array.from({ length: 1_000 }, () => data()));
  const ENTRIES = data(...Array.from({ length: 100 }, (_, n) => named(`${n}`)));
  const maxBytes = { limits: { maxBytes: 1_000_000 } };

  it.each<[string, typeof script, ListingOptions, Partial<Listing>]>([
    ['a web server', sends('HTTP/1.1 400 Bad Request\r\n\r\n'), {}, { kind: 'broken', cause: 'protocol' }],
    ['a daemon of protocol 26', sends('@RSYNCD: 26\n'), {}, { kind: 'broken', cause: 'protocol' }],
    ['a pre-release of protocol 27', sends('@RSYNCD: 27.1\n'), {}, { kind: 'broken', cause: 'protocol' }],
    ['a greeting without an end', floods('@RSYNCD: 31.0', Buffer.alloc(4_096, 0x20)), {}, { kind: 'broken', cause: 'protocol' }],
    ['a motd without an end', floods('@RSYNCD: 31.0\n', Buffer.from('welcome\n')), {}, { kind: 'broken', cause: 'protocol' }],
    ['nothing at all', sends(''), {}, { kind: 'unreachable', cause: 'connection' }],
    ['an unknown frame', sends(OPENING, frame(60, 'x')), {}, { kind: 'broken', cause: 'protocol' }],
    ['a frame below all kinds', sends(OPENING, Buffer.alloc(4)), {}, { kind: 'broken', cause: 'protocol' }],
    ['a message of 16 MB', sends(OPENING, frame(2, 'x', 0xff_ffff)), {}, { kind: 'broken', cause: 'protocol' }],
    ['a malformed I/O error', sends(OPENING, frame(22, 'abc')), {}, { kind: 'broken', cause: 'protocol' }],
    ['keep-alives for ever', floods(OPENING, NOOPS), maxBytes, { kind: 'broken', cause: 'size' }],
    ['empty frames for ever', floods(OPENING, EMPTY_DATA), maxBytes, { kind: 'broken', cause: 'size' }],
    [
      'entries for ever',
      floods(OPENING, ENTRIES),
      { limits: { maxEntries: 5_000 } },
      { kind: 'broken', cause: 'size', entries: 5_000 },
    ],
    [
      'noise after the list for ever',
      floods(Buffer.concat([OPENING, data(ROOT, listEnd())]), NOOPS),
      maxBytes,
      { kind: 'broken', cause: 'size', entries: 1 },
    ],
    ['a list that is cut off', sends(OPENING, data(ROOT, named('a'))), {}, { kind: 'broken', cause: 'cut', entries: 2 }],
    ['a list without its I/O error', sends(OPENING, data(ROOT, Buffer.of(0))), {}, { kind: 'broken', cause: 'cut', entries: 1 }],
    [
      'a reset',
      (socket) => {
        // Not at once: a reset that overtakes the connection is a refused connection.
        socket.once('data', () => socket.resetAndDestroy());
        socket.write(Buffer.concat([OPENING, data(ROOT)]));
      },
      {},
      { kind: 'broken', cause: 'cut' },
    ],
    ['an end without a list', sends(OPENING), {}, { kind: 'broken', cause: 'cut', entries: 0 }],
    ['an empty list', sends(OPENING, data(listEnd())), {}, { kind: 'refused', cause: 'other', temporary: false }],
    ['an exit', sends(OPENING, frame(1, 'out of memory'), frame(86, Buffer.alloc(4))), {}, { kind: 'refused', cause: 'other' }],
    [
      'an exit amid the list',
      (socket) => socket.write(Buffer.concat([OPENING, data(ROOT), frame(86, '')])),
      {},
      { kind: 'broken', cause: 'cut', entries: 1 },
    ],
    ['an error instead of a greeting', sends('@ERROR: max connections (2) reached\n'), {}, { kind: 'refused', temporary: true }],
    ['an early exit', sends('@RSYNCD: 31.0\n@RSYNCD: EXIT\n'), {}, { kind: 'refused', cause: 'other' }],
    ['silence', () => undefined, { limits: { greetingMs: 50 } }, { kind: 'unreachable', cause: 'silence' }],
    [
      'silence after the opening',
      (socket) => socket.write(OPENING),
      { limits: { idleMs: 50 } },
      { kind: 'broken', cause: 'time' },
    ],
    [
      'a stall in the list',
      (socket) => socket.write(Buffer.concat([OPENING, data(ROOT)])),
      { limits: { idleMs: 50 } },
      { kind: 'broken', cause: 'time', entries: 1 },
    ],
    [
      'one byte now and then',
      (socket) => {
        socket.write(OPENING);
        const drip = setInterval(() => socket.write(Buffer.of(0x07)), 5);
        socket.once('close', () => clearInterval(drip));
      },
      { limits: { totalMs: 200, maxMessageBytes: 0xff_ffff } },
      { kind: 'broken' },
    ],
  ])('is refused: %s', async (_, behaviour, options, expected) => {
    expect((await against(behaviour, options)).listing).toMatchObject(expected);
  });

  it('cannot move the cursor of whoever reads the reason, nor fill the page', async () => {
    const { listing } = await against(sends(`@RSYNCD: 31.0\n@ERROR: \u001b[2J\u202Eevil\u0007${'x'.repeat(3_000)}\n`));
    expect(listing).toMatchObject({ kind: 'refused', cause: 'other' });
    const reason = listing.kind === 'refused' ? listing.reason : '';
    expect(reason).toMatch(/^@ERROR: \\u\{1b\}\[2J\\u\{202e\}evil\\u\{7\}x+…$/);
    expect(reason.length).toBeLessThanOrEqual(301);
  });
});

describe('before and beside the stream', () => {
  const untouched = (): never => {
    throw new Error('never called');
  };

  it.each([
    ['http://example.org/x'],
    ['rsync://'],
    ['rsync://example.org'],
    ['rsync://example.org/'],
    ['rsync://example.org//x'],
    ['rsync://user@example.org/mirror'],
    ['rsync://user:secret@example.org/mirror'],
    ['rsync://example.org:0/mirror'],
    ['rsync://example.org:65536/mirror'],
    ['rsync://example.org:/mirror'],
    ['rsync://exa mple.org/mirror'],
    ['rsync://-example.org/mirror'],
    ['rsync://127.1/mirror'],
    ['rsync://2130706433/mirror'],
    ['rsync://0x7f.1/mirror'],
    ['rsync://[::1/mirror'],
    ['rsync://[127.0.0.1]/mirror'],
    ['rsync://[fe80::1%eth0]/mirror'],
    ['rsync://example.org/mirror\n--delete'],
    ['rsync://example.org/mirror\0'],
    ['rsync://example.org/mirror/\u0085'],
    ['rsync://example.org/mirror/\ud800'],
    ['rsync://example.org/mirror/../other'],
    ['rsync://example.org/../mirror'],
    ['rsync://example.org/mirror/*'],
    ['rsync://example.org/#list'],
    ['rsync://example.org/-a'],
    [`rsync://example.org/${'m'.repeat(2_100)}`],
  ])('a wrong URL is refused unasked: %j', async (url) => {
    expect(await lister.list(url, untouched)).toEqual({ kind: 'unreachable', cause: 'url', reason: expect.any(String) });
  });

  it('a URL is read as rsync reads it', () => {
    expect(parseRsyncUrl('rsync://Mirror.example.org/fedora')).toEqual({
      host: 'Mirror.example.org',
      port: 873,
      module: 'fedora',
      root: 'fedora/',
    });
    expect(parseRsyncUrl('RSYNC://[2001:db8::1]:8730/a b/%20c//d/')).toEqual({
      host: '2001:db8::1',
      port: 8_730,
      module: 'a b',
      root: 'a b/%20c/d/',
    });
  });

  it('asks only allowed ports and addresses', async () => {
    const careful = rsyncLister({ guard });
    expect(await careful.list(server.url, untouched)).toMatchObject({ kind: 'unreachable', cause: 'address' });
    const anyPort = { allowedPorts: [server.port] };
    expect(await rsyncLister({ guard: addressGuard() }).list(server.url, untouched, anyPort)).toEqual({
      kind: 'unreachable',
      cause: 'address',
      reason: '127.0.0.1: loopback',
    });
    expect((await careful.list('rsync://[::1]/mirror', untouched)).kind).toBe('unreachable');
    script = listOf();
    expect((await careful.list(server.url, () => undefined, anyPort)).kind).toBe('complete');
  });

  it('hangs up before a word when a name leads where it must not', async () => {
    const heard: string[] = [];
    script = (socket) => {
      socket.on('data', (bytes) => heard.push(String(bytes)));
      socket.write(OPENING);
    };
    const byName = server.url.replace('127.0.0.1', 'mirror.example.org');
    const rebinding = addressGuard({ resolve: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]) });
    const anyPort = { allowedPorts: 'any' } as const;
    expect(await rsyncLister({ guard: rebinding }).list(byName, untouched, anyPort)).toMatchObject({ cause: 'address' });
    // A resolver that lies about what it checked: the address of the open socket is checked as well.
    const fooled: AddressGuard = {
      ...addressGuard(),
      lookup: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
    };
    expect(await rsyncLister({ guard: fooled }).list(byName, untouched, anyPort)).toEqual({
      kind: 'unreachable',
      cause: 'address',
      reason: 'loopback',
    });
    expect(heard).toEqual([]);
  });

  it('tells a name that does not resolve from a port that is closed', async () => {
    const failing = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND', syscall: 'getaddrinfo' });
    const nameless = addressGuard({ resolve: (_host, _options, done) => done(failing, []) });
    expect(await rsyncLister({ guard: nameless }).list('rsync://example.org/m', untouched)).toMatchObject({ cause: 'name' });
    const closed = await startScriptedServer(() => undefined);
    await closed.stop();
    expect(await lister.list(closed.url, untouched)).toMatchObject({ kind: 'unreachable', cause: 'connection' });
  });

  it('stops when the caller says so, before and during the listing', async () => {
    expect(await lister.list(server.url, untouched, { signal: AbortSignal.abort() })).toEqual({
      kind: 'stopped',
      entries: 0,
      bytesReceived: 0,
    });
    script = (socket) => socket.write(Buffer.concat([OPENING, data(ROOT)]));
    const controller = new AbortController();
    const stopped = await lister.list(server.url, () => controller.abort(), { signal: controller.signal });
    expect(stopped).toMatchObject({ kind: 'stopped', entries: 1 });
  });

  it('rejects with what the caller throws, and for excludes that cannot be sent', async () => {
    const mine = new Error('disk full');
    script = listOf();
    await expect(
      lister.list(server.url, () => {
        throw mine;
      }),
    ).rejects.toBe(mine);
    for (const exclude of ['', 'a\nb', 'a\0b', 'x'.repeat(3_000)]) {
      await expect(lister.list(server.url, untouched, { excludes: [exclude] })).rejects.toThrow(TypeError);
    }
  });
});

describe('a real stream, tampered with', () => {
  let folder: string;
  let daemon: RsyncDaemon;
  let recorded: Buffer;
  let original: ListedEntry[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mirrortide-fuzz-'));
    for (let n = 0; n < 12; n += 1) {
      const path = join(folder, `släsh ${n % 3}`, Buffer.alloc(n * 20 + 1, 0x61 + n).toString());
      await mkdir(path, { recursive: true });
      await writeFile(join(path, `file-${n}`), 'x');
      await writeFile(Buffer.concat([Buffer.from(`${path}/`), Buffer.from(`caf\xe9-${n}`, 'latin1')]), '');
      await truncate(join(path, `file-${n}`), n * 2 ** 30);
    }
    daemon = await startRsyncDaemon({ modules: { mirror: { path: folder } } });
    const recorder = await startRecorder(daemon.port);
    original = [];
    const listing = await lister.list(recorder.url, (entry) => original.push(entry));
    expect(listing).toMatchObject({ kind: 'complete', entries: original.length });
    recorded = recorder.recorded();
    await recorder.stop();
  });

  afterAll(async () => {
    await daemon?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Without a socket, so that the pieces arrive exactly as cut. */
  const replay = (pieces: readonly Buffer[]): { entries: ListedEntry[]; listing: Listing } => {
    const entries: ListedEntry[] = [];
    const session = new RsyncSession({
      target: { host: 'mirror', port: 873, module: 'mirror', root: 'mirror/' },
      request: Buffer.alloc(0),
      protocol: 29,
      limits: DEFAULT_LISTING_LIMITS,
      send: () => undefined,
      onEntry: (entry) => entries.push(entry),
    });
    const buffer = Buffer.alloc(65_536);
    for (const piece of pieces) {
      // One buffer for all pieces, as with a socket: whatever the session kept of it is overwritten.
      buffer.fill(0xff);
      piece.copy(buffer);
      session.push(buffer, piece.length);
    }
    return { entries, listing: session.end('the end') };
  };

  const cut = (bytes: Buffer, places: readonly number[]): Buffer[] => {
    const sorted = [0, ...places.map((place) => place % bytes.length).toSorted((a, b) => a - b), bytes.length];
    return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
  };

  it('lists the same wherever the network cuts it', () => {
    const whole = replay([recorded]);
    expect(whole.entries).toEqual(original);
    expect(replay(Array.from(recorded, (_, at) => recorded.subarray(at, at + 1))).entries).toEqual(original);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 200 }), (places) => {
        const { entries, listing } = replay(cut(recorded, places));
        expect(entries).toEqual(original);
        expect(listing.kind).toBe('complete');
      }),
      { numRuns: 300 },
    );
  });

  const place = fc.nat({ max: 0xff_ffff });
  const mutation = fc.oneof(
    fc.record({ kind: fc.constant('flip' as const), at: place, bit: fc.nat(7) }),
    fc.record({ kind: fc.constant('truncate' as const), at: place }),
    fc.record({ kind: fc.constant('insert' as const), at: place, bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }) }),
    fc.record({ kind: fc.constant('remove' as const), at: place, count: fc.integer({ min: 1, max: 100 }) }),
  );
  type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

  const mutate = (bytes: Buffer, one: Mutation): Buffer => {
    const at = one.at % (bytes.length + 1);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    switch (one.kind) {
      case 'flip':
        return Buffer.concat([before, after.subarray(0, 1).map((byte) => byte ^ (1 << one.bit)), after.subarray(1)]);
      case 'truncate':
        return before;
      case 'insert':
        return Buffer.concat([before, one.bytes, after]);
      case 'remove':
        return Buffer.concat([before, after.subarray(one.count)]);
    }
  };

  const safe = (path: string): boolean =>
    path === '' || (!path.includes('\0') && path.split('/').every((step) => step !== '' && step !== '.' && step !== '..'));

  it('never crashes, hangs, grows or lets a wrong name through', async () => {
    const before = process.memoryUsage().rss;
    await fc.assert(
      fc.asyncProperty(
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 3_000 }),
        async (mutations, size) => {
          const stream = mutations.reduce(mutate, recorded);
          const { listing, paths } = await against((socket) => {
            for (let at = 0; at < stream.length; at += size) socket.write(stream.subarray(at, at + size));
            socket.end();
          });
          expect(paths.filter((path) => !safe(path))).toEqual([]);
          if ('entries' in listing) expect(listing.entries).toBe(paths.length);
          expect(['complete', 'partial', 'refused', 'unreachable', 'broken']).toContain(listing.kind);
        },
      ),
      { numRuns: 1_500 },
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 2 ** 20);
  }, 240_000);
});
