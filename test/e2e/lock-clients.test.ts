import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dlmEngineUpdater } from '../support/lock-clients/dlmengine-updater.ts';
import { FAULTS, type Fault, faultyProxy } from '../support/lock-clients/faulty-proxy.ts';
import { installUpdater, REAL_UPDATERS, realHost } from '../support/lock-clients/real-updaters.ts';
import { CLIENTS, type RollOutResult, rollOut, seeded } from '../support/lock-clients/roll-out.ts';
import { criticalSection } from '../support/lock-clients/simulated-host.ts';
import { type MirrortideProcess, startMirrortide } from '../support/mirrortide-process.ts';

/**
 * Lock clients that know nothing of us, request for request as they are, update a fleet under one lock. A second of theirs takes
 * some milliseconds here. Identity is the weakest there is, name and address, so nothing but the answers keeps them apart.
 *
 * The server's time is real: an offer that nobody comes for idles for its two minutes, some four hours of the clients' time, so a
 * place in the queue that should be gone shows as a roll-out that stands still. Seen from the server, nobody has waited long.
 */
const HOSTS = 50;
const SECOND_MS = 8;

let tide: MirrortideProcess;
beforeAll(async () => {
  tide = await startMirrortide(['--port', '0', '--pace', '60']);
}, 180_000);
afterAll(async () => {
  await tide?.stop();
}, 60_000);

/** Nobody was inside with another, and every host went in and out once. */
const expectOneAtATime = ({ records, violations, entered, left }: RollOutResult): void => {
  expect(violations).toEqual([]);
  const names = records.map(({ name }) => name).toSorted();
  expect(entered.toSorted()).toEqual(names);
  expect(left).toEqual(entered);
};

const OPERATOR = { authorization: 'Bearer sample-operator' };

interface Rest {
  readonly holders: readonly unknown[];
  readonly queue: readonly unknown[];
}
/** Who holds, and who waits. */
const restOf = async (lock: string): Promise<Rest> => {
  const response = await fetch(`${tide.url}/api/v1/locks/${lock}`, { headers: OPERATOR });
  const { holders, queue } = (await response.json()) as Rest;
  return { holders, queue };
};
const NOBODY: Rest = { holders: [], queue: [] };

describe('a rolling update of 50 hosts', () => {
  it.each(CLIENTS.map((client, index) => ({ client, lock: `fl:alone-${index}` })))(
    'of $client goes one host at a time and ends',
    async ({ client, lock }) => {
      const plan = { server: tide.url, lock, clients: [client], hosts: HOSTS, seed: 1, secondMs: SECOND_MS };
      expectOneAtATime(await rollOut(plan));
      expect(await restOf(lock)).toEqual(NOBODY);
    },
    300_000,
  );

  it('of Zincati, offered the slot in turn, goes one host at a time and ends', async () => {
    // An offer that outlasts its pause of 330 s reaches an agent that has only just asked; a shorter one passes it over for now.
    const lock = 'fl:in-turn';
    const policy = { mode: 'hold', leaseMs: 600_000, offerMs: 800_000, queue: 'fifo', staleMs: 14_400_000 };
    const body = JSON.stringify({ policy });
    const configured = await fetch(`${tide.url}/api/v1/locks/${lock}/config`, { method: 'PUT', headers: OPERATOR, body });
    expect(configured.status).toBe(200);
    // Each waits for half of its five minutes until it learns of its turn.
    const plan = { server: tide.url, lock, clients: ['Zincati'] as const, hosts: HOSTS, seed: 4, secondMs: 2 };
    expectOneAtATime(await rollOut(plan));
    expect(await restOf(lock)).toEqual(NOBODY);
  }, 300_000);

  it('of all clients on one lock goes one host at a time and ends', async () => {
    const lock = 'fl:mixed';
    expectOneAtATime(await rollOut({ server: tide.url, lock, clients: CLIENTS, hosts: HOSTS, seed: 2, secondMs: SECOND_MS }));
    expect(await restOf(lock)).toEqual(NOBODY);
  }, 300_000);

  it('of all clients goes one host at a time and ends when requests and replies are lost, repeated and late', async () => {
    const lock = 'fl:faulty';
    const random = seeded(3);
    const faulty = FAULTS.filter((fault) => fault !== 'none');
    const draw = (): Fault => (random() < 0.6 ? 'none' : (faulty[Math.floor(random() * faulty.length)] ?? 'none'));
    const proxy = await faultyProxy({ to: tide.url, draw, random });
    try {
      expectOneAtATime(await rollOut({ server: proxy.url, lock, clients: CLIENTS, hosts: HOSTS, seed: 3, secondMs: SECOND_MS }));
    } finally {
      await proxy.close();
    }
    expect(Object.entries(proxy.counts).filter(([, count]) => count === 0)).toEqual([]);
    expect(await restOf(lock)).toEqual(NOBODY);
  }, 300_000);
});

describe('DLMEngineUpdater', () => {
  it.each(['1.0.2', '0.3.0'] as const)('%s ends its update when every first reply to its DELETE is lost', async (version) => {
    const lock = `wedge-${version}`;
    let lost = 0;
    const draw = ({ method }: { method: string }): Fault => {
      if (method !== 'DELETE' || lost > 0) return 'none';
      lost += 1;
      return 'lost-reply';
    };
    const proxy = await faultyProxy({ to: tide.url, draw, random: seeded(4) });
    const section = criticalSection();
    const setup = {
      name: 'w.example',
      address: '127.0.2.1',
      server: proxy.url,
      lock,
      section,
      secondMs: 5,
      updateSeconds: 1,
      random: seeded(5),
    };
    const record = await dlmEngineUpdater(setup, { version, secretId: 'updaters', secret: 'any', wait: true });
    await proxy.close();
    expect(lost).toBe(1);
    // One run up to the reboot, one after it: the retry within that run was told yes.
    expect(record.exits).toEqual([0, 0]);
  });

  it('without waiting finds on its next run that the lock is its own when the first reply to its POST was lost', async () => {
    let lost = 0;
    const draw = ({ method }: { method: string }): Fault => {
      if (method !== 'POST' || lost > 0) return 'none';
      lost += 1;
      return 'lost-reply';
    };
    const proxy = await faultyProxy({ to: tide.url, draw, random: seeded(6) });
    const section = criticalSection();
    const setup = {
      name: 'o.example',
      address: '127.0.2.2',
      server: proxy.url,
      lock: 'orphan',
      section,
      secondMs: 5,
      updateSeconds: 1,
      random: seeded(7),
    };
    const record = await dlmEngineUpdater(setup, { version: '1.0.2', secretId: 'updaters', secret: 'any', wait: false });
    await proxy.close();
    expect(record.exits).toEqual([1, 0, 0]);
    expect(await restOf('orphan')).toEqual(NOBODY);
  });
});

describe('the published updaters', () => {
  const COUNT = 6;
  it('take turns on one lock, three programs on six machines', async (test) => {
    const missing = (await Promise.all(REAL_UPDATERS.map(installUpdater))).filter((why) => why !== undefined);
    if (missing.length > 0 || process.getuid?.() !== 0) {
      test.skip(`needs root, python3 and a package index: ${missing.join('; ')}`);
      return;
    }
    const folder = await mkdtemp(join(tmpdir(), 'mirrortide-updaters-'));
    const journal = join(folder, 'journal');
    await writeFile(journal, '');
    // A second one inside does not get the directory.
    const update = `mkdir ${folder}/inside || echo two >> ${journal}\nsleep 0.1\nrmdir ${folder}/inside\necho one >> ${journal}`;
    const proxies = await Promise.all(
      Array.from({ length: COUNT }, (_, index) =>
        faultyProxy({ to: tide.url, draw: () => 'none', random: seeded(index), address: `127.0.3.${index + 1}` }),
      ),
    );
    try {
      const hosts = await Promise.all(
        proxies.map((proxy, index) => {
          const updater = REAL_UPDATERS[index % REAL_UPDATERS.length] ?? REAL_UPDATERS[0];
          const machine = { name: `real${index}.example`, folder: join(folder, `host${index}`), server: proxy.url, lock: 'real' };
          return realHost({ ...machine, updater, update });
        }),
      );
      expect(await Promise.all(hosts.map((host) => host.run()))).toEqual(Array.from({ length: COUNT }, () => 0));
      expect((await readFile(journal, 'utf8')).trim().split('\n')).toEqual(Array.from({ length: COUNT }, () => 'one'));
      expect(await Promise.all(hosts.map((host) => host.run()))).toEqual(Array.from({ length: COUNT }, () => 0));
      expect(await restOf('real')).toEqual(NOBODY);
    } finally {
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await rm(folder, { recursive: true, force: true });
    }
  }, 300_000);
});
