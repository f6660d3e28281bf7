import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchArtefact, rollBack } from '../../agent/fetch/fetch-artefact.ts';
import type { FetchOutcome } from '../../agent/fetch/fetch-outcome.ts';
import type { FetchSettings } from '../../agent/fetch/fetch-settings.ts';
import type { Disk, FetchWorld } from '../../agent/fetch/fetch-world.ts';
import { quietly } from '../../agent/fetch/install/durable.ts';
import { layoutOf, MARKER_NAME } from '../../agent/fetch/install/layout.ts';
import { bundleAgent } from '../../local/bundle-agent.ts';
import { httpServer } from '../support/raw-server.ts';
import { runProgram } from '../support/run-program.ts';
import {
  digestHex,
  memoryPublisher,
  mortalWorld,
  SILENT,
  sceneSettings,
  sceneWorld,
  tarOf,
  treeOf,
} from './support/fetch-scene.ts';

/** More rounds of kills after kills than the suite has by itself. */
const ROUNDS = Number(process.env['FETCH_KILL_ROUNDS'] ?? 40);
/** Ends of a whole process, which take longer. */
const REAL_KILLS = Number(process.env['FETCH_REAL_KILLS'] ?? 20);
const LIMIT_MS = 300_000;

const FILES = {
  one: { 'bin/run': 'echo one', 'lib/a': 'a', 'lib/current': '-> a' },
  two: { 'bin/run': 'echo two', 'lib/b': 'b'.repeat(70), 'lib/current': '-> b' },
  three: { 'bin/run': 'echo three' },
};
const ARTEFACTS = { one: tarOf(FILES.one), two: tarOf(FILES.two), three: tarOf(FILES.three) };
type Version = keyof typeof FILES;

const digestOf = (version: Version): string => `sha256-${digestHex(ARTEFACTS[version])}`;

type Act = (world: FetchWorld, destination: string) => Promise<FetchOutcome>;

const fetching =
  (more: Partial<FetchSettings> = {}): Act =>
  (world, destination) =>
    fetchArtefact(world, sceneSettings(destination, more), SILENT);

const takingBack: Act = (world, destination) => {
  const { hooks, keep } = sceneSettings(destination);
  return rollBack({ world, layout: layoutOf(destination), report: SILENT, hooks, keep });
};

interface Scenario {
  readonly title: string;
  /** Makes what is there before. */
  readonly before: (folder: string, run: (version: Version, act?: Act) => Promise<unknown>) => Promise<void>;
  readonly act: Act;
  /** What is run after a kill; the same unless said. */
  readonly again?: Act;
  readonly published: Version;
  readonly unhealthy?: Version;
  readonly outcome: FetchOutcome['kind'];
  /** Moments at which the destination is not there. */
  readonly gaps?: number;
}

const nothing: Scenario['before'] = async () => {};
const installed: Scenario['before'] = async (_, run) => void (await run('one'));

const SCENARIOS: readonly Scenario[] = [
  { title: 'a first install', before: nothing, act: fetching(), published: 'one', outcome: 'changed' },
  { title: 'an update', before: installed, act: fetching(), published: 'two', outcome: 'changed' },
  {
    title: 'an update without hooks',
    before: installed,
    act: fetching({ hooks: { hook: undefined, health: undefined, limitMs: 1 } }),
    published: 'two',
    outcome: 'changed',
  },
  {
    title: 'an update that removes an older release',
    before: async (_, run) => {
      await run('three');
      await run('one');
    },
    act: fetching(),
    published: 'two',
    outcome: 'changed',
  },
  {
    title: 'an update that is not healthy',
    before: installed,
    act: fetching(),
    published: 'two',
    unhealthy: 'two',
    outcome: 'rolled_back',
  },
  {
    title: 'a first install that is not healthy',
    before: nothing,
    act: fetching(),
    published: 'two',
    unhealthy: 'two',
    outcome: 'rolled_back',
  },
  {
    title: 'a folder that is adopted',
    before: async (folder) => {
      fs.mkdirSync(join(folder, 'app/lib'), { recursive: true });
      fs.writeFileSync(join(folder, 'app/lib/old'), 'by hand');
    },
    act: fetching(),
    published: 'two',
    outcome: 'changed',
    gaps: 1,
  },
  {
    title: 'a link of an operator that is taken over',
    before: async (folder) => {
      fs.mkdirSync(join(folder, 'by-hand'));
      fs.writeFileSync(join(folder, 'by-hand/old'), 'by hand');
      fs.symlinkSync('by-hand', join(folder, 'app'));
    },
    act: fetching(),
    published: 'two',
    outcome: 'changed',
  },
  {
    title: 'a download that goes on',
    before: async (folder, run) => {
      await run('one');
      const layout = layoutOf(join(folder, 'app'));
      const digest = { algorithm: 'sha256', hex: digestHex(ARTEFACTS.two) } as const;
      fs.mkdirSync(layout.cache);
      fs.writeFileSync(layout.part(digest), ARTEFACTS.two.subarray(0, 100));
      fs.writeFileSync(layout.partValidator(digest), `"file-${digest.hex.slice(0, 8)}"`);
    },
    act: fetching(),
    published: 'two',
    outcome: 'changed',
  },
  {
    title: 'an artefact that is not unpacked',
    before: async (_, run) => void (await run('one', fetching({ unpack: false }))),
    act: fetching({ unpack: false }),
    published: 'two',
    outcome: 'changed',
  },
  {
    title: 'the repair of a damaged tree',
    before: async (folder, run) => {
      await run('two');
      for (const name of fs.readdirSync(join(folder, 'app'))) fs.rmSync(join(folder, 'app', name), { recursive: true });
      fs.writeFileSync(join(folder, 'app/rest'), 'what is left');
    },
    act: fetching(),
    published: 'two',
    outcome: 'changed',
  },
  {
    title: 'a roll-back',
    before: async (_, run) => {
      await run('one');
      await run('two');
    },
    act: takingBack,
    published: 'two',
    outcome: 'changed',
  },
];

let top: string;
let kills = 0;
beforeAll(() => {
  // Thousands of syncs, which cost nothing in memory; what they are for is a loss of power, and not a kill.
  top = fs.mkdtempSync(join(fs.existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'mirrortide-kill-'));
});
afterAll(() => fs.rmSync(top, { recursive: true, force: true }));

interface Run {
  readonly outcome: FetchOutcome;
  readonly calls: number;
  readonly diedAt: string | undefined;
  readonly journal: readonly string[];
}

async function runIn(scenario: Scenario, folder: string, act: Act, killAt: number, published = scenario.published): Promise<Run> {
  const journal: string[] = [];
  const isHealthy = (digest: string): boolean => scenario.unhealthy === undefined || digest !== digestOf(scenario.unhealthy);
  const mortal = mortalWorld(
    sceneWorld(
      memoryPublisher(() => ARTEFACTS[published]),
      { journal, isHealthy },
    ),
    killAt,
  );
  const outcome = await act(mortal.world, join(folder, 'app'));
  mortal.close();
  return { outcome, calls: mortal.calls(), diedAt: mortal.diedAt(), journal };
}

/** Everything that a later run could see. */
const seen = (folder: string) => {
  const layout = layoutOf(join(folder, 'app'));
  return {
    tree: treeOf(layout.destination),
    link: quietly(() => fs.readlinkSync(layout.destination, 'utf8')),
    store: quietly(() => fs.readdirSync(layout.store).toSorted()),
    state: quietly(() => JSON.parse(fs.readFileSync(layout.state, 'utf8')) as unknown),
  };
};

async function prepared(scenario: Scenario): Promise<{ readonly folder: string; readonly copy: () => string }> {
  const folder = fs.mkdtempSync(join(top, 'scene-'));
  await scenario.before(folder, (version, act = fetching()) => runIn(scenario, folder, act, 0, version));
  return {
    folder,
    copy: () => {
      const copied = fs.mkdtempSync(join(top, 'copy-'));
      fs.cpSync(folder, copied, { recursive: true, verbatimSymlinks: true });
      return copied;
    },
  };
}

describe.each(SCENARIOS)('$title that is killed', (scenario) => {
  const again = scenario.again ?? scenario.act;

  it('at any call leaves the old or the new tree, and the next run ends it', { timeout: LIMIT_MS }, async () => {
    const scene = await prepared(scenario);
    const old = treeOf(join(scene.folder, 'app'));
    const whole = scene.copy();
    const undisturbed = await runIn(scenario, whole, scenario.act, 0);
    expect(undisturbed.outcome).toMatchObject({ kind: scenario.outcome });
    const fresh = treeOf(join(whole, 'app'));
    const next = scenario.published === undefined ? fresh : treeOfVersion(scenario);
    let gaps = 0;
    for (let at = 1; at <= undisturbed.calls; at += 1) {
      const folder = scene.copy();
      const killed = await runIn(scenario, folder, scenario.act, at);
      const where = `before call ${at}, ${killed.diedAt}`;
      expect(killed.diedAt, where).toBeDefined();
      kills += 1;
      const visible = treeOf(join(folder, 'app'));
      if (visible === undefined && old !== undefined) gaps += 1;
      else expect([old, next, fresh], where).toContainEqual(visible);
      const ended = await expectEnded(scenario, folder, again, whole, where);
      // Hooks may run twice, and none may be left out.
      expect(new Set([...killed.journal, ...ended]), where).toEqual(new Set(undisturbed.journal));
      fs.rmSync(folder, { recursive: true });
    }
    expect(gaps).toBe(scenario.gaps ?? 0);
  });
});

/** What the destination shows while the scenario's published version is there, healthy or not. */
function treeOfVersion({ published, act }: Scenario): Readonly<Record<string, string>> | undefined {
  return act === takingBack ? FILES.one : FILES[published];
}

/** Resolves to the hooks that the next run ran. */
async function expectEnded(
  scenario: Scenario,
  folder: string,
  again: Act,
  whole: string,
  where: string,
): Promise<readonly string[]> {
  const ended = await runIn(scenario, folder, again, 0);
  if (scenario.act === takingBack) {
    await expectTakenBack(scenario, folder, whole, where);
    return ended.journal;
  }
  const kinds = scenario.outcome === 'changed' ? ['changed', 'unchanged'] : [scenario.outcome];
  expect(kinds, `${where}: ${ended.outcome.message}`).toContain(ended.outcome.kind);
  expect(seen(folder), where).toEqual(seen(whole));
  return ended.journal;
}

/** Asking twice takes back twice; so only what a fetch after it sees is told. */
async function expectTakenBack(scenario: Scenario, folder: string, whole: string, where: string): Promise<void> {
  const fetched = await runIn(scenario, folder, fetching(), 0);
  expect(['rolled_back', 'fault'], `${where}: ${fetched.outcome.message}`).toContain(fetched.outcome.kind);
  expect(treeOf(join(folder, 'app')), where).toEqual(treeOf(join(whole, 'app')));
}

describe('a loss of power', () => {
  const scenario = SCENARIOS.find(({ title }) => title === 'an update');

  it('finds every file and every folder on disk before the name that makes it visible', async () => {
    if (scenario === undefined) throw new Error('no such scenario');
    const { folder } = await prepared(scenario);
    const paths = new Map<number, string>();
    const unsynced = new Set<string>();
    const renamed: string[] = [];
    const watched: Disk = {
      ...(fs as Disk),
      openSync: ((path: string, flags: string | number, mode?: number) => {
        const descriptor = fs.openSync(path, flags, mode);
        paths.set(descriptor, path);
        return descriptor;
      }) as Disk['openSync'],
      writeSync: ((descriptor: number, ...rest: [Buffer, number, number, number]) => {
        unsynced.add(paths.get(descriptor) ?? '');
        return fs.writeSync(descriptor, ...rest);
      }) as Disk['writeSync'],
      fsyncSync: (descriptor) => {
        unsynced.delete(paths.get(descriptor) ?? '');
        fs.fsyncSync(descriptor);
      },
      mkdirSync: ((path: string, options: number) => {
        unsynced.add(path);
        return fs.mkdirSync(path, options);
      }) as Disk['mkdirSync'],
      symlinkSync: (target, path) => {
        unsynced.add(join(String(path), '..'));
        fs.symlinkSync(target, path);
      },
      renameSync: (from, to) => {
        const below = [...unsynced].filter((path) => path === from || path.startsWith(`${from}/`));
        expect(below, `rename of ${from}`).toEqual([]);
        renamed.push(String(to).slice(folder.length));
        fs.renameSync(from, to);
      },
    };
    const hooks = { journal: [], isHealthy: () => true };
    const world = sceneWorld(
      memoryPublisher(() => ARTEFACTS.two),
      hooks,
      watched,
    );
    expect(await scenario.act(world, join(folder, 'app'))).toMatchObject({ kind: 'changed' });
    const tree = `/app.d/${digestOf('two')}`;
    expect(renamed).toEqual([
      `/app.d/cache/${digestOf('two')}`,
      `${tree}.tmp/${MARKER_NAME}`,
      tree,
      '/app',
      '/app.d/state.json',
      '/app.d/state.json',
    ]);
  });
});

describe('the program itself', () => {
  it('ended by SIGKILL leaves the old or the new tree, and its next run ends it', { timeout: LIMIT_MS }, async () => {
    const program = join(top, 'fetch.mjs');
    await bundleAgent(fileURLToPath(new URL('support/killable-fetch.ts', import.meta.url)), program);
    let published: Version = 'one';
    const server = await httpServer((request, response) => {
      const isList = request.url?.endsWith('.sha256') === true;
      response.end(isList ? `${digestHex(ARTEFACTS[published])}  venv.tgz\n` : ARTEFACTS[published]);
    });
    const start = (folder: string, environment: Record<string, string> = {}) => {
      const words = ['fetch', `${server.url}/venv.tgz`, '--dest', join(folder, 'app'), '--unpack'];
      const options = ['--checksum', `${server.url}/venv.tgz.sha256`, '--hook', `echo hook >> ${join(folder, 'journal')}`];
      return runProgram(process.execPath, [program, ...words, ...options], { env: environment });
    };
    try {
      const scene = fs.mkdtempSync(join(top, 'real-'));
      expect(await start(scene)).toMatchObject({ exitCode: 3 });
      published = 'two';
      const whole = fs.mkdtempSync(join(top, 'real-'));
      fs.cpSync(scene, whole, { recursive: true, verbatimSymlinks: true });
      expect(await start(whole, { TEST_COUNT_FILE: join(top, 'count') })).toMatchObject({ exitCode: 3 });
      const count = Number(fs.readFileSync(join(top, 'count'), 'utf8'));
      for (let at = 2; at <= count; at += Math.ceil(count / REAL_KILLS)) {
        const folder = fs.mkdtempSync(join(top, 'real-'));
        fs.cpSync(scene, folder, { recursive: true, verbatimSymlinks: true });
        expect(await start(folder, { TEST_KILL_AT: String(at) })).toMatchObject({ exitCode: null });
        expect([FILES.one, FILES.two], `before call ${at}`).toContainEqual(treeOf(join(folder, 'app')));
        expect([0, 3], `before call ${at}`).toContain((await start(folder)).exitCode);
        expect(treeOf(join(folder, 'app')), `before call ${at}`).toEqual(FILES.two);
        expect(fs.readdirSync(join(folder, 'app.d')), `before call ${at}`).toEqual(fs.readdirSync(join(whole, 'app.d')));
        expect(fs.readFileSync(join(folder, 'journal'), 'utf8').split('\n').length, `before call ${at}`).toBeGreaterThanOrEqual(
          3,
        );
      }
    } finally {
      await server.stop();
    }
  });
});

describe('a fetch that is killed again and again', () => {
  it('ends as one that nothing disturbs', { timeout: LIMIT_MS }, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const scenario = SCENARIOS[round % (SCENARIOS.length - 1)];
      if (scenario === undefined) continue;
      const scene = await prepared(scenario);
      const whole = scene.copy();
      await runIn(scenario, whole, scenario.act, 0);
      const folder = scene.copy();
      let at = 5 + ((round * 7) % 23);
      for (let run = 0; run < 12; run += 1) {
        const killed = await runIn(scenario, folder, scenario.act, at);
        if (killed.diedAt === undefined) break;
        kills += 1;
        at = 5 + ((at * 13 + round) % 71);
      }
      await expectEnded(scenario, folder, scenario.act, whole, `round ${round}`);
    }
  });

  it('was killed a thousand times at least', () => {
    expect(kills).toBeGreaterThanOrEqual(1_000);
  });
});
