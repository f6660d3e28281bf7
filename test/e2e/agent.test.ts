import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AGENT_ENTRY, bundleAgent } from '../../local/bundle-agent.ts';
import { freePort } from '../../local/emulators/free-port.ts';
import { type MirrortideProcess, startMirrortide } from '../support/mirrortide-process.ts';
import { until } from '../support/until.ts';
import { type UpdateHost, updateHost } from '../support/update-host.ts';

/**
 * The agent as it is shipped, one file, against the whole service with a network file of its own: tokens, no plain identity. The
 * hosts' own scripts watch that nobody else is in its update; a reboot is another boot id.
 */
const OPERATOR = 'token-of-olga';
const NAMES = ['web-1.example.org', 'web-2.example.org', 'web-3.example.org'] as const;
const OLDEST_NODE = 20;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const tokenOf = (name: string): string => `token-of-${name}`;

const networkFile = (folder: string, mirror: string): string => `
network: { name: agents, contact: tests@mirrors.example }
policies: { crawl: { allowedAddresses: [127.0.0.0/8], allowedPorts: any } }
categories: [{ id: tools, master: ${folder}/tree }]
hosts: [{ id: mirror.example.org, country: DE, carries: [{ category: tools, urls: ['${mirror}/tools'] }] }]
locks:
  defaults: { offer: 30s }
  locks: [{ name: web-servers }]
  createOnFirstUse: ['test-*']
  identities:
    tokens:
${NAMES.map((host) => `      - { host: ${host}, sha256: ${sha256(tokenOf(host))} }`).join('\n')}
  operators: [{ name: olga, sha256: ${sha256(OPERATOR)} }]
`;

/** The oldest Node on this machine that the agent promises to run on; otherwise the one that runs the tests. */
const oldestNode = (): string => {
  for (const path of ['/usr/bin/node', '/usr/local/bin/node']) {
    try {
      const major = Number(/^v(\d+)/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }))?.[1]);
      if (major >= OLDEST_NODE) return path;
    } catch {
      // Not there.
    }
  }
  return process.execPath;
};

let folder: string;
let agent: string;
let mirror: Server;
let args: readonly string[];
let tide: MirrortideProcess;
let places = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-agents-'));
  agent = join(folder, 'mirrortide.mjs');
  await bundleAgent(AGENT_ENTRY, agent);
  await mkdir(join(folder, 'tree'));
  await writeFile(join(folder, 'tree/file'), 'content\n');
  mirror = createServer((request, response) => {
    const there = request.url === '/tools/file';
    response.writeHead(there ? 200 : 404, there ? { 'content-length': 8 } : {}).end(there ? 'content\n' : '');
  }).listen(0, '127.0.0.1');
  await until('a mirror', async () => mirror.listening, Boolean);
  const url = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}`;
  await writeFile(join(folder, 'network.yaml'), networkFile(folder, url));
  // The same address after a restart: agents know no other.
  const port = await freePort();
  args = ['--network', join(folder, 'network.yaml'), '--data', join(folder, 'data'), '--port', String(port), '--pace', '60'];
  tide = await startMirrortide(args);
});
afterAll(async () => {
  await tide?.stop();
  mirror?.close();
  await rm(folder, { recursive: true, force: true });
});

interface Fleet {
  readonly lock: string;
  readonly hosts: readonly [UpdateHost, UpdateHost, UpdateHost];
  /** What the scripts saw, in order: `enter HOST FENCE`, `leave HOST FENCE`, and `two: HOST` when somebody else was inside. */
  journal(): Promise<readonly string[]>;
}

const fleet = async (lock: string): Promise<Fleet> => {
  places += 1;
  const place = { folder: join(folder, `place-${places}`) };
  await mkdir(place.folder);
  await writeFile(join(place.folder, 'journal'), '');
  const nodes = [oldestNode(), process.execPath, process.execPath];
  const [first, second, third] = await Promise.all(
    NAMES.map(async (name, index) => {
      const at = join(place.folder, name);
      await mkdir(at);
      const node = nodes[index] ?? process.execPath;
      return updateHost({ name, folder: at, place, agent, node, url: tide.url, lock, token: tokenOf(name) });
    }),
  );
  if (first === undefined || second === undefined || third === undefined) throw new Error('three hosts');
  return {
    lock,
    hosts: [first, second, third],
    journal: async () => (await readFile(join(place.folder, 'journal'), 'utf8')).split('\n').filter((line) => line !== ''),
  };
};

const asOperator = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
  const response = await fetch(`${tide.url}/api/v1/locks/${path}`, {
    method,
    headers: { authorization: `Bearer ${OPERATOR}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await response.json()) as Record<string, unknown>;
};

interface Held {
  readonly host: string;
  readonly state: string;
  readonly fence: number;
}
const holders = async (lock: string): Promise<readonly Held[]> => {
  const { holders: held } = (await asOperator('GET', lock)) as { readonly holders: readonly Held[] };
  return held.map(({ host, state, fence }) => ({ host, state, fence }));
};

/** Each pair of lines is one host's, in and out with one fence, and fences only grow. */
const expectOneAtATime = (journal: readonly string[], names: readonly string[]): void => {
  const turns = journal.filter((_, index) => index % 2 === 0).map((line) => line.split(' '));
  expect(journal).toEqual(turns.flatMap(([, name, fence]) => [`enter ${name} ${fence}`, `leave ${name} ${fence}`]));
  expect(turns.map(([, name]) => name).toSorted()).toEqual([...names].toSorted());
  const fences = turns.map(([, , fence]) => Number(fence));
  expect(fences).toEqual(fences.toSorted((a, b) => a - b));
  expect(new Set(fences).size).toBe(fences.length);
};

/** Where a host has come to that may not go on: its script waits for us. */
const installing = (host: UpdateHost): Promise<unknown> =>
  until(
    `${host.name} in its update`,
    () => readFile(join(host.folder, 'installing'), 'utf8').catch(() => undefined),
    (text) => text !== undefined,
  );

let open: UpdateHost[] = [];
afterEach(async () => {
  for (const host of open) await host.letGo().catch(() => undefined);
  open = [];
});
const holdAt = async (host: UpdateHost): Promise<void> => {
  await host.hold();
  open.push(host);
};

describe('three hosts that begin at one moment', () => {
  it('are updated and rebooted one after another, those that wait included', async () => {
    const { hosts, journal, lock } = await fleet('web-servers');
    expect((await hosts[0].run('run')).code).toBe(0);
    expect(await journal()).toEqual([]);
    for (const host of hosts) await host.offer('2');
    const ends = await Promise.all(hosts.map((host) => host.throughReboots()));
    expect(ends.map(({ code, output }) => ({ code, output: code === 0 ? '' : output }))).toEqual(
      hosts.map(() => ({ code: 0, output: '' })),
    );
    expectOneAtATime(await journal(), NAMES);
    expect(await Promise.all(hosts.map((host) => host.installed()))).toEqual(['2', '2', '2']);
    expect(await holders(lock)).toEqual([]);
  });
});

describe('a host whose script fails', () => {
  const failed = async (lock: string) => {
    const { hosts, journal } = await fleet(lock);
    for (const host of hosts) await host.offer('2');
    await hosts[0].breakInstall(true);
    const end = await hosts[0].run('run');
    expect(end).toMatchObject({ code: 1, output: expect.stringContaining('no space left') });
    const [held] = await holders(lock);
    expect(held).toEqual({ host: NAMES[0], state: 'failed', fence: expect.any(Number) });
    for (const host of [hosts[1], hosts[2]]) {
      const waiting = await host.run('run', '--no-wait');
      expect(waiting).toMatchObject({ code: 75, output: expect.stringContaining('lock_halted') });
    }
    // It stays as it is until somebody decides, however often the timer comes; so does whoever waits.
    expect((await hosts[0].run('run')).code).toBe(3);
    expect((await hosts[0].run('status')).code).toBe(3);
    expect((await hosts[1].run('run', '--no-wait')).code).toBe(75);
    expect(await holders(lock)).toEqual([held]);
    expect(await journal()).toEqual([`enter ${NAMES[0]} ${held?.fence}`]);
    await rm(join(hosts[0].folder, '../inside'), { recursive: true });
    return { hosts, journal, fence: held?.fence };
  };

  const othersGoOn = async ({ hosts, journal }: Awaited<ReturnType<typeof failed>>, lock: string): Promise<void> => {
    const others = [hosts[1], hosts[2]];
    for (const host of others) expect(await host.throughReboots('--no-wait')).toMatchObject({ code: 0 });
    expectOneAtATime(
      (await journal()).slice(1),
      others.map(({ name }) => name),
    );
    expect(await holders(lock)).toEqual([]);
  };

  const RESUME = { reason: 'olga: it was the host, not the update' };

  it('keeps the lock until it gives up, and the others get none until an operator lets the roll-out go on', async () => {
    const lock = 'test-abort';
    const after = await failed(lock);
    expect((await after.hosts[0].run('abort')).code).toBe(3);
    expect((await after.hosts[0].run('abort', '--release')).code).toBe(0);
    expect(await holders(lock)).toEqual([]);
    expect(await after.hosts[1].run('run', '--no-wait')).toMatchObject({
      code: 75,
      output: expect.stringContaining('lock_halted'),
    });
    await asOperator('POST', `${lock}/resume`, RESUME);
    await othersGoOn(after, lock);
    await after.hosts[0].breakInstall(false);
    expect((await after.hosts[0].throughReboots('--no-wait')).code).toBe(0);
  });

  it('keeps the lock until an operator takes it away, and then learns that it has lost it', async () => {
    const lock = 'test-force';
    const after = await failed(lock);
    const asked = { host: NAMES[0], fence: after.fence, reason: 'olga: the disk is dead' };
    expect(await asOperator('POST', `${lock}/force-release`, asked)).toMatchObject({ state: 'released' });
    await othersGoOn(after, lock);
    await after.hosts[0].breakInstall(false);
    expect((await after.hosts[0].run('resume')).code).toBe(4);
    expect((await after.hosts[0].run('abort')).code).toBe(0);
    expect((await after.hosts[0].throughReboots('--no-wait')).code).toBe(0);
    const { events } = (await asOperator('GET', `${lock}/events`)) as { readonly events: readonly Record<string, unknown>[] };
    expect(JSON.stringify(events)).toContain('olga: the disk is dead');
  });

  it('goes on where it stopped when it was mended, with the fence that it had', async () => {
    const lock = 'test-resume';
    const after = await failed(lock);
    const { hosts, journal, fence } = after;
    await hosts[0].breakInstall(false);
    await mkdir(join(hosts[0].folder, '../inside'));
    expect((await hosts[0].run('resume')).code).toBe(0);
    expect(await hosts[0].reboot()).toBe(true);
    expect((await hosts[0].run('run', '--after-reboot')).code).toBe(0);
    expect(await journal()).toEqual([`enter ${NAMES[0]} ${fence}`, `leave ${NAMES[0]} ${fence}`]);
    expect(await holders(lock)).toEqual([]);
    expect((await hosts[1].run('run', '--no-wait')).code).toBe(75);
    await asOperator('POST', `${lock}/resume`, RESUME);
    await othersGoOn({ ...after, journal: async () => (await journal()).slice(1) }, lock);
  });
});

describe('a service that is killed while hosts update', () => {
  it('breaks no host: what runs ends, nothing begins, and all goes on with the same lock when it is back', async () => {
    const lock = 'test-crash';
    const { hosts, journal } = await fleet(lock);
    const [inside, waiting, fresh] = hosts;
    for (const host of hosts) await host.offer('2');
    await holdAt(inside);
    const running = inside.start('run');
    await installing(inside);
    expect((await waiting.run('run', '--no-wait')).code).toBe(75);
    const before = await holders(lock);
    expect(before).toEqual([{ host: inside.name, state: 'held', fence: expect.any(Number) }]);

    await tide.kill();
    // The update under way needs nobody; the reboot is its next step, and it is known to hold the lock.
    await inside.letGo();
    expect((await running.ended).code).toBe(0);
    expect(await inside.installed()).toBe('2');
    expect(await inside.reboot()).toBe(true);
    for (const host of hosts) {
      const end = await host.run('run');
      expect(end).toMatchObject({ code: 69, output: expect.stringContaining('unavailable') });
    }
    expect((await inside.run('abort', '--release')).code).toBe(69);
    // Who looks on is told what the host knows.
    expect(await inside.run('status')).toMatchObject({ code: 0, output: expect.stringContaining('post_update') });
    expect(await waiting.installed()).toBe('1');
    expect(await journal()).toEqual([`enter ${inside.name} ${before[0]?.fence}`]);

    tide = await startMirrortide(args);
    expect(await holders(lock)).toEqual(before);
    expect((await waiting.run('run', '--no-wait')).code).toBe(75);
    expect((await inside.run('run')).code).toBe(0);
    for (const host of [waiting, fresh]) expect((await host.throughReboots('--no-wait')).code).toBe(0);
    expectOneAtATime(await journal(), NAMES);
    expect(await holders(lock)).toEqual([]);
  });

  it('gets its release as soon as it is back when it was away at the end of an update', async () => {
    const lock = 'test-crash-at-end';
    const { hosts, journal } = await fleet(lock);
    const [host] = hosts;
    await host.offer('2');
    // No reboot is needed: the last step but the release is already done when the scripts end.
    await writeFile(join(host.folder, 'running'), '2\n');
    await holdAt(host);
    const running = host.start('run');
    await installing(host);
    await tide.kill();
    await host.letGo();
    expect(await running.ended).toMatchObject({ code: 69, output: expect.stringContaining('the update is done') });
    const turn = await journal();
    expectOneAtATime(turn, [host.name]);

    tide = await startMirrortide(args);
    expect(await holders(lock)).toMatchObject([{ host: host.name, state: 'held' }]);
    expect((await host.run('run')).code).toBe(0);
    expect(await journal()).toEqual(turn);
    expect(await holders(lock)).toEqual([]);
    expect(await host.hasState()).toBe(false);
  });
});
