import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Fault } from '#domain/errors.ts';
import type { ProxiedBytes } from '#ports/proxied-bytes.ts';
import { LEASE_MS } from '../../functions/content/proxy/find-copy.ts';
import type { ProxyDeps } from '../../functions/content/proxy/proxy-deps.ts';
import { sharedWork } from '../../functions/content/proxy/shared-work.ts';
import { useEmulators } from '../support/emulators.ts';
import { Killed, killSwitch } from '../support/killed-at.ts';
import { aProxy, proxyTestPlace, seen } from '../support/proxy-place.ts';
import { httpServer } from '../support/raw-server.ts';

const emulators = useEmulators();

/** Holds every request until told to answer. */
const slowServer = async () => {
  const waiting: (() => void)[] = [];
  let [asked, isOpen] = [0, false];
  const server = await httpServer((_, response) => {
    asked += 1;
    const answer = () => void response.writeHead(200, { etag: '"1"' }).end('slow');
    if (isOpen) answer();
    else waiting.push(answer);
  });
  return {
    ...server,
    asked: () => asked,
    open: () => {
      isOpen = true;
      for (const answer of waiting.splice(0)) answer();
    },
  };
};

/** As deployed: a pause takes its time. */
const patient = (deps: ProxyDeps): ProxyDeps => ({ ...deps, pause: delay });

/** What a receiver says at once reaches nobody else, and is not where a function dies. */
const killedBytes = (bytes: ProxiedBytes, { wrap }: ReturnType<typeof killSwitch>): ProxiedBytes => {
  const { roomBytes, put, read, renew } = wrap(bytes);
  const receive = () => {
    const incoming = bytes.receive();
    const { write, store, discard } = wrap(incoming);
    return { ...incoming, write, store, discard };
  };
  return { roomBytes, put, read, renew, receive };
};

const untilAsked = async (server: { asked: () => number }): Promise<void> => {
  while (server.asked() === 0) await delay(5);
};

test('of a hundred that need one file at once, in two functions, one fetches it', async () => {
  const server = await slowServer();
  try {
    const place = await proxyTestPlace(emulators);
    const instances = [place.instance(patient), place.instance(patient)];
    const volume = aProxy(server.url);
    const replies = Array.from({ length: 100 }, (_, at) => instances[at % 2]?.ask(volume, 'a'));
    await untilAsked(server);
    server.open();
    const answers = (await Promise.all(replies)).map((reply) => reply && seen(reply));
    expect(answers.filter((answer) => answer?.[1] === 'miss')).toEqual([[200, 'miss', 'slow']]);
    expect(answers.filter((answer) => answer?.[1] === 'hit')).toEqual(Array(99).fill([200, 'hit', 'slow']));
    expect(server.asked()).toBe(1);
    expect(instances.flatMap(({ counted }) => counted).toSorted()).toEqual([...Array(99).fill('ProxyHits'), 'ProxyMisses']);
  } finally {
    await server.stop();
  }
});

test('work that several ask for is done once at a time, and again after it was done or failed', async () => {
  const { join } = sharedWork<number>();
  let times = 0;
  const work = async (): Promise<number> => {
    times += 1;
    await delay(1);
    if (times === 2) throw new Error('failed');
    return times;
  };
  expect(await Promise.all([join('a', work), join('a', work)])).toEqual([
    { result: 1, isFirst: true },
    { result: 1, isFirst: false },
  ]);
  const failing = await Promise.allSettled([join('a', work), join('a', work)]);
  expect(failing.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await Promise.all([join('a', work), join('b', work)])).toMatchObject([{ isFirst: true }, { isFirst: true }]);
});

test('a function that cannot store what it fetched leaves the next one nothing to wait for', async () => {
  const server = await slowServer();
  server.open();
  try {
    const place = await proxyTestPlace(emulators);
    const broken = place.instance((deps) => {
      const store = async () => {
        throw new Fault('the store does not answer');
      };
      return { ...deps, bytes: { ...deps.bytes, receive: () => ({ ...deps.bytes.receive(), store }) } };
    });
    await expect(broken.ask(aProxy(server.url), 'a')).rejects.toThrow(Fault);
    const { deps, ask } = place.instance();
    const { leasedUntilMs } = await deps.copies.look({ volume: 'p', url: `${server.url}/a` });
    expect([leasedUntilMs, seen(await ask(aProxy(server.url), 'a'))]).toEqual([undefined, [200, 'miss', 'slow']]);
  } finally {
    await server.stop();
  }
});

test('whoever waits for somebody else too long is told to come back, and an old copy is served meanwhile', async () => {
  const server = await slowServer();
  try {
    const place = await proxyTestPlace(emulators);
    const [holder, other] = [place.instance(patient), place.instance()];
    const volume = aProxy(server.url);
    const first = holder.ask(volume, 'a');
    await untilAsked(server);
    expect(await other.ask(volume, 'a')).toMatchObject({
      status: 503,
      headers: { 'retry-after': '2', 'cache-control': 'no-store' },
    });
    server.open();
    expect(seen(await first)).toEqual([200, 'miss', 'slow']);
    // The next change: upstream is slow again, and asked by one.
    place.pass(600_000);
    const { copies, newId, clock } = holder.deps;
    const nowMs = clock.now();
    await copies.lease({ volume: 'p', url: `${server.url}/a` }, { by: newId(), nowMs, untilMs: nowMs + LEASE_MS });
    expect(seen(await other.ask(volume, 'a'))).toEqual([200, 'stale', 'slow']);
    expect(other.counted).toEqual(['ProxyFailures', 'ProxyStale']);
  } finally {
    await server.stop();
  }
});

test('a function that dies anywhere holds nobody up beyond its lease, and leaves nothing wrong behind', async () => {
  const server = await slowServer();
  server.open();
  try {
    const deaths: string[] = [];
    for (const side of ['before', 'after'] as const) {
      for (let at = 1; ; at += 1) {
        const kill = killSwitch(at, side);
        const place = await proxyTestPlace(emulators);
        const volume = aProxy(server.url);
        const dying = place.instance((deps) => ({
          ...deps,
          copies: kill.wrap(deps.copies),
          bytes: killedBytes(deps.bytes, kill),
          peer: (policy) => kill.wrap(deps.peer(policy)),
        }));
        const death = await dying.ask(volume, 'a').then(
          () => undefined,
          (error: unknown) => error,
        );
        if (death === undefined) break;
        expect(death).toBeInstanceOf(Killed);
        deaths.push(String(death));
        const other = place.instance();
        const busy = await other.ask(volume, 'a');
        if (busy.status !== 200) {
          expect(busy.status).toBe(503);
          place.pass(LEASE_MS);
        }
        const [status, , text] = seen(await other.ask(volume, 'a'));
        expect([status, text]).toEqual([200, 'slow']);
        expect(seen(await place.instance().ask(volume, 'a'))).toEqual([200, 'hit', 'slow']);
      }
    }
    expect(deaths.length).toBeGreaterThan(12);
  } finally {
    await server.stop();
  }
});
