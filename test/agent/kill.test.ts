import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { type AgentHost, type AgentRun, agentHost, killableAgent, WORKFLOW_SCRIPTS } from './support/agent-host.ts';
import { type Fault, type LockServer, lockServer } from './support/lock-server.ts';

const AT_ONCE = 3;
const LIMIT_MS = 900_000;
/** The scripts that an update runs, in order; the check after the first yes is not asked. */
const RAN = [
  ...WORKFLOW_SCRIPTS.map(([path]) => path).filter((path) => path !== 'needs_update.d/30-not-asked' && !path.startsWith('post')),
  'reboot-command',
  ...WORKFLOW_SCRIPTS.map(([path]) => path).filter((path) => path.startsWith('post')),
];

let agent: { readonly file: string; readonly remove: () => Promise<void> };
/** System calls on the state file until the reboot, and after it, in an update that nothing disturbs. */
let calls: readonly [number, number];

interface Scene {
  readonly server: LockServer;
  readonly host: AgentHost;
  /** How often each script must have begun. */
  readonly begins: Map<string, number>;
}

async function withScene(act: (scene: Scene) => Promise<void>): Promise<void> {
  const server = await lockServer();
  const host = await agentHost({ agent: agent.file, url: server.url });
  try {
    await act({ server, host, begins: new Map(RAN.map((path) => [path, 1])) });
  } finally {
    await host.remove();
    await server.close();
  }
}

const beginsOf = (journal: readonly string[], path: string): number =>
  journal.filter((line) => line.startsWith(`begin ${path} `)).length;

/** After a kill: the script that the state file calls running is the interrupted one, and begins once more. */
async function noteKill({ host, begins }: Scene): Promise<void> {
  const state = await host.state();
  const journal = await host.journal();
  const running = state?.scripts?.find((script) => script.status === 'running');
  if (state !== undefined && running !== undefined) {
    const path = `${state.task}.d/${running.name}`;
    begins.set(path, beginsOf(journal, path) + 1);
  }
  if (state?.rebootAttempt !== undefined && state.rebootAttempt.exitCode === undefined)
    begins.set('reboot-command', beginsOf(journal, 'reboot-command') + 1);
}

/** The next start of the agent as a host does it: by the init system once it has rebooted, otherwise by the timer. */
async function nextRun({ host }: Scene, environment: Readonly<Record<string, string>> = {}): Promise<AgentRun> {
  const state = await host.state();
  const rebooting = state?.task === 'reboot' && state.rebootAttempt?.exitCode === 0;
  if (rebooting) await host.reboot();
  return host.run(rebooting ? ['run', '--after-reboot'] : ['run'], environment);
}

const isFinished = async ({ host, server }: Scene): Promise<boolean> =>
  (await host.state()) === undefined && server.history.some((line) => line.startsWith('release'));

async function finish(scene: Scene, allowed: readonly (number | null)[] = [0, 75]): Promise<void> {
  for (let runs = 0; runs < 60; runs += 1) {
    if (await isFinished(scene)) return;
    const ran = await nextRun(scene);
    if (!allowed.includes(ran.code)) throw new Error(`exit code ${ran.code}: ${ran.output}`);
  }
  throw new Error('the update does not come to an end');
}

/** What an undisturbed run leaves behind, but for the scripts that were interrupted. */
async function expectFinished({ host, server, begins }: Scene, where: string): Promise<void> {
  const journal = await host.journal();
  const began = journal.filter((line) => line.startsWith('begin ')).map((line) => line.split(' ')[1] ?? '');
  const order = began.filter((path, index) => began[index - 1] !== path);
  expect(order, where).toEqual(RAN);
  expect(Object.fromEntries(RAN.map((path) => [path, beginsOf(journal, path)])), where).toEqual(Object.fromEntries(begins));
  for (const path of RAN)
    expect(journal.filter((line) => line.startsWith(`end ${path} `)).length, where).toBeGreaterThanOrEqual(1);
  const fences = new Set(journal.filter((line) => !line.includes('needs_update')).map((line) => line.split(' ')[2]));
  expect([...fences], where).toEqual(['1']);
  expect(server.history, where).toEqual(['offer host-1 1', 'confirm host-1 1', 'release host-1 1']);
}

async function inBatches<Item>(items: readonly Item[], act: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

const killEnvironment = (at: number): Readonly<Record<string, string>> => ({ TEST_KILL_AT: String(at) });

/** Runs until the reboot was asked for, if the kill is to come after it. */
async function toSecondHalf(scene: Scene): Promise<void> {
  const first = await scene.host.run();
  expect(first.code, first.output).toBe(0);
}

beforeAll(async () => {
  agent = await killableAgent();
  await withScene(async (scene) => {
    const file = join(scene.host.folder, 'count');
    const count = async (): Promise<number> => {
      await nextRun(scene, { TEST_COUNT_FILE: file });
      return Number(await readFile(file, 'utf8'));
    };
    calls = [await count(), await count()];
    await expectFinished(scene, 'undisturbed');
  });
});

afterAll(() => agent.remove());

describe('an update that is killed', () => {
  it('at any system call on its state file ends as an undisturbed one', { timeout: LIMIT_MS }, async () => {
    const points = calls.flatMap((count, half) => Array.from({ length: count }, (_, index) => ({ half, at: index + 1 })));
    expect(points.length).toBeGreaterThan(250);
    await inBatches(points, ({ half, at }) =>
      withScene(async (scene) => {
        const where = `half ${half}, before call ${at}`;
        if (half === 1) await toSecondHalf(scene);
        const killed = await nextRun(scene, killEnvironment(at));
        expect(killed.signal, `${where}: ${killed.output}`).toBe('SIGKILL');
        await noteKill(scene);
        await finish(scene);
        await expectFinished(scene, where);
      }),
    );
  });

  it.each(['begin', 'end'] as const)(
    'inside any script, at its %s, ends as an undisturbed one',
    { timeout: LIMIT_MS },
    async (plan) => {
      await inBatches(RAN, (path) =>
        withScene(async (scene) => {
          await scene.host.planKill(path, plan);
          if (path.startsWith('post')) await toSecondHalf(scene);
          const killed = await nextRun(scene);
          expect(killed.signal, `${path}: ${killed.output}`).toBe('SIGKILL');
          await noteKill(scene);
          await finish(scene);
          await expectFinished(scene, `${plan} of ${path}`);
        }),
      );
    },
  );

  it('while its script lives on starts nothing until that has ended', { timeout: LIMIT_MS }, async () => {
    await inBatches(
      RAN.filter((path) => path !== 'reboot-command'),
      (path) =>
        withScene(async (scene) => {
          await scene.host.planKill(path, 'survive');
          if (path.startsWith('post')) await toSecondHalf(scene);
          const killed = await nextRun(scene);
          expect(killed.signal, `${path}: ${killed.output}`).toBe('SIGKILL');
          await noteKill(scene);
          const before = await scene.host.journal();
          const blocked = await scene.host.run();
          expect(blocked.code, blocked.output).toBe(75);
          expect(blocked.output).toContain('is still at work');
          expect(await scene.host.journal()).toEqual(before);
          await scene.host.letGo();
          await until(`the end of ${path}`, scene.host.journal, (journal) => journal.at(-1)?.startsWith('end') === true);
          await finish(scene);
          await expectFinished(scene, `survivor of ${path}`);
        }),
    );
  });

  it('again and again, over a bad network, ends as an undisturbed one', { timeout: LIMIT_MS }, async () => {
    const seeds = Array.from({ length: 12 }, (_, index) => 1_000 + index);
    let kills = 0;
    await inBatches(seeds, (seed) =>
      withScene(async (scene) => {
        const random = seeded(seed);
        const faults: readonly Fault[] = ['drop_before', 'drop_after', 'status_502', 'not_json'];
        scene.server.fault = () => (random() < 0.3 ? (faults[Math.floor(random() * faults.length)] ?? 'none') : 'none');
        for (let runs = 0; runs < 200 && !(await isFinished(scene)); runs += 1) {
          const ran = await nextRun(scene, killEnvironment(1 + Math.floor(random() * 60)));
          if (ran.signal !== 'SIGKILL') continue;
          kills += 1;
          await noteKill(scene);
        }
        scene.server.fault = () => 'none';
        await finish(scene, [0, 69, 75]);
        await expectFinished(scene, `seed ${seed}`);
      }),
    );
    expect(kills).toBeGreaterThan(50);
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
