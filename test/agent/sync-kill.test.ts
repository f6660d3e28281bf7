import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { killableAgent } from './support/agent-host.ts';
import { type SyncHost, type SyncRun, syncHost } from './support/sync-host.ts';
import { type SyncFault, type SyncServer, syncServer } from './support/sync-server.ts';

const AT_ONCE = 3;
const LIMIT_MS = 600_000;
/** The command leaves a mark while it is at work, and says so when it finds another's. */
const COMMAND = 'mkdir inside 2>/dev/null || note two; note in; echo out; rmdir inside; note out';

let agent: { readonly file: string; readonly remove: () => Promise<void> };

interface Scene {
  readonly server: SyncServer;
  readonly host: SyncHost;
  /** Starts of the command that found the service in another state than SYNCING. */
  readonly unasked: string[];
}

async function withScene(act: (scene: Scene) => Promise<void>): Promise<void> {
  const server = await syncServer();
  const host = await syncHost(agent.file, server.url);
  const unasked: string[] = [];
  let starts = 0;
  let stateBefore: string = server.state;
  // Commands begin between two requests, so in the state that the first of them left.
  server.onCall = (side) => {
    if (side === 'after') {
      stateBefore = server.state;
      return;
    }
    const journal = join(host.folder, 'journal');
    const now = existsSync(journal)
      ? readFileSync(journal, 'utf8')
          .split('\n')
          .filter((line) => line === 'in').length
      : 0;
    if (now > starts && stateBefore !== 'SYNCING') unasked.push(stateBefore);
    starts = now;
  };
  Object.assign(server, { waits: 1, drains: 1 });
  try {
    await act({ server, host, unasked });
  } finally {
    await host.letGo();
    await server.close();
    await host.remove();
  }
}

const words = (host: SyncHost, script = COMMAND): readonly string[] =>
  host.running(`cd ${host.folder}; ${script}`, '--verify-timeout', '5s');

/** Ends the process that runs now before the n-th request is carried out, or after it and before its reply. */
function killAtCall({ server }: Scene, at: number, side: 'before' | 'after', pid: () => number | undefined): void {
  const watched = server.onCall;
  server.onCall = (now, nth) => {
    watched(now, nth);
    const target = pid();
    if (now === side && nth === at && target !== undefined) process.kill(target, 'SIGKILL');
  };
}

/** Runs until one ends by itself; that one must have run the command. */
async function finish({ host }: Scene, where: string): Promise<SyncRun> {
  for (let runs = 0; runs < 20; runs += 1) {
    const ran = await host.run(words(host));
    if (ran.signal === 'SIGKILL') continue;
    expect({ code: ran.code, out: ran.out.toString() }, `${where}: ${ran.err}`).toEqual({ code: 0, out: 'out\n' });
    return ran;
  }
  throw new Error(`${where}: it does not come to an end`);
}

/** Whatever was killed: each synchronisation was ended, the host is back, and commands were alone and out of service. */
async function expectInOrder({ server, host, unasked }: Scene, where: string): Promise<void> {
  expect(server.state, where).toBe('IN_SERVICE');
  expect(await host.state(), where).toBeUndefined();
  expect(unasked, where).toEqual([]);
  expect(await host.journal(), where).not.toContain('two');
  const cycles = server.history.join(',').split('begin ').slice(1);
  expect(cycles.length, where).toBeGreaterThanOrEqual(1);
  for (const [index, cycle] of cycles.entries()) {
    const fence = index + 1;
    const waits = fence === 1 ? `WAITING 1,DRAINING 1,` : '';
    expect(cycle.replace(/,$/, ''), where).toMatch(
      new RegExp(`^${fence},${waits}SYNCING ${fence},end ${fence} success,VERIFYING ${fence}(,IN_SERVICE ${fence})?$`),
    );
  }
  expect(cycles.length, where).toBeLessThanOrEqual(2);
}

async function inBatches<Item>(items: readonly Item[], act: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

let stateCalls: number;
let requests: number;

beforeAll(async () => {
  agent = await killableAgent();
  await withScene(async (scene) => {
    const count = join(scene.host.folder, 'count');
    await scene.host.run(words(scene.host), { TEST_COUNT_FILE: count });
    stateCalls = Number(await readFile(count, 'utf8'));
    requests = scene.server.calls.length;
    await expectInOrder(scene, 'undisturbed');
  });
});
afterAll(() => agent.remove());

describe('a sync run that is killed', () => {
  it('at any system call on its state file leaves what the next run ends in order', { timeout: LIMIT_MS }, async () => {
    expect(stateCalls).toBeGreaterThan(25);
    await inBatches(
      Array.from({ length: stateCalls }, (_, index) => index + 1),
      (at) =>
        withScene(async (scene) => {
          const killed = await scene.host.run(words(scene.host), { TEST_KILL_AT: String(at) });
          expect(killed.signal, `before call ${at}: ${killed.err}`).toBe('SIGKILL');
          await finish(scene, `before call ${at}`);
          await expectInOrder(scene, `before call ${at}`);
        }),
    );
  });

  it('at any request, carried out or not, leaves what the next run ends in order', { timeout: LIMIT_MS }, async () => {
    expect(requests).toBeGreaterThan(5);
    const points = Array.from({ length: requests }, (_, index) => index + 1).flatMap((at) => [
      { at, side: 'before' as const },
      { at, side: 'after' as const },
    ]);
    await inBatches(points, ({ at, side }) =>
      withScene(async (scene) => {
        const where = `${side} request ${at}`;
        let first: number | undefined;
        killAtCall(scene, at, side, () => first);
        const started = scene.host.start(words(scene.host));
        first = started.child.pid;
        const killed = await started.ended;
        first = undefined;
        expect([null, 0], where).toContain(killed.code);
        if (killed.signal === 'SIGKILL') await finish(scene, where);
        await expectInOrder(scene, where);
      }),
    );
  });

  it('while its command lives on waits for that, with heartbeats, and then runs its own', { timeout: LIMIT_MS }, async () => {
    await withScene(async (scene) => {
      const { host, server } = scene;
      server.leaseMs = 900;
      const first = host.start(words(host, 'mkdir inside; note in; hold; rmdir inside; note late'));
      await host.untilNoted('in');
      first.child.kill('SIGKILL');
      await first.ended;
      const next = host.start(words(host));
      const before = server.calls.length;
      await until(
        'heartbeats for the survivor',
        async () => server.calls.length,
        (count) => count >= before + 3,
      );
      expect(await host.journal()).toEqual(['in']);
      await host.letGo();
      const ran = await next.ended;
      expect({ code: ran.code, out: ran.out.toString() }, ran.err).toEqual({ code: 0, out: 'out\n' });
      expect(ran.err).toContain('is still at work');
      expect(await host.journal()).toEqual(['in', 'late', 'in', 'out']);
      expect(server.history.filter((line) => line.startsWith('begin'))).toEqual(['begin 1']);
      await expectInOrder(scene, 'survivor');
    });
  });

  it('while its command lives on, and does not end in time, is not followed by another', { timeout: LIMIT_MS }, async () => {
    await withScene(async ({ host }) => {
      const first = host.start(words(host, 'note in; hold; note late'));
      await host.untilNoted('in');
      first.child.kill('SIGKILL');
      await first.ended;
      const next = await host.run([...words(host).slice(0, 1), '--wait-timeout', '0', ...words(host).slice(1)]);
      expect(next).toMatchObject({ code: 75, err: expect.stringContaining('is still at work') });
      expect(await host.journal()).toEqual(['in']);
      await host.letGo();
      await host.untilNoted('late');
    });
  });

  it('and was judged or replaced meanwhile begins anew', { timeout: LIMIT_MS }, async () => {
    await withScene(async ({ host, server }) => {
      const killed = await host.run(words(host, 'kill -9 $PPID; note in'));
      expect(killed.signal).toBe('SIGKILL');
      await host.untilNoted('in');
      server.lose();
      expect((await host.run(words(host))).code).toBe(0);
      expect(server.history.slice(-4)).toEqual(['SYNCING 3', 'end 3 success', 'VERIFYING 3', 'IN_SERVICE 3']);
      expect(await host.state()).toBeUndefined();
    });
  });

  it('in another mode is ended as aborted, and the new mode begins anew', { timeout: LIMIT_MS }, async () => {
    await withScene(async ({ host, server }) => {
      const killed = await host.run(words(host, 'kill -9 $PPID'));
      expect(killed.signal).toBe('SIGKILL');
      const [run = '', ...rest] = words(host);
      expect((await host.run([run, '--mode', 'additive', ...rest])).code).toBe(0);
      expect(server.history.slice(4)).toEqual([
        'end 1 aborted',
        'VERIFYING 1',
        'begin 2',
        'ADDING 2',
        'end 2 success',
        'IN_SERVICE 2',
      ]);
    });
  });

  it('again and again, over a bad network, ends in order', { timeout: LIMIT_MS }, async () => {
    const seeds = Array.from({ length: 8 }, (_, index) => 1_000 + index);
    let kills = 0;
    await inBatches(seeds, (seed) =>
      withScene(async (scene) => {
        const { server, host } = scene;
        const random = seeded(seed);
        const faults: readonly SyncFault[] = ['drop_before', 'drop_after', 'status_503', 'other_json'];
        server.fault = () => (random() < 0.3 ? (faults[Math.floor(random() * faults.length)] ?? 'none') : 'none');
        for (let runs = 0; runs < 12; runs += 1) {
          const ran = await host.run(words(host), { TEST_KILL_AT: String(1 + Math.floor(random() * stateCalls)) });
          if (ran.signal === 'SIGKILL') kills += 1;
        }
        server.fault = () => 'none';
        await finish(scene, `seed ${seed}`);
        expect({ state: server.state, left: await host.state(), unasked: scene.unasked }, `seed ${seed}`).toEqual({
          state: 'IN_SERVICE',
          left: undefined,
          unasked: [],
        });
        expect(await host.journal(), `seed ${seed}`).not.toContain('two');
      }),
    );
    expect(kills).toBeGreaterThan(20);
  });
});

/** mulberry32; a failing seed is in the message. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
