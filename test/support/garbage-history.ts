import { nodeDecompress } from '#adapters/node/node-decompress.ts';
import { nodeDigester } from '#adapters/node/node-digester.ts';
import { releasesToSearch } from '#domain/content/releases-to-search.ts';
import { Fault } from '#domain/errors.ts';
import { DEFAULT_ACCESS_POLICY } from '#domain/inventory/access-policy.ts';
import { decideAbort, decideCommit, decidePin, decideRollBack, decideStage } from '#domain/volume/decide-release.ts';
import { decideResume } from '#domain/volume/decide-volume.ts';
import { DOOM_MS, needsObjects, objectStanding } from '#domain/volume/garbage.ts';
import { isComplete, type Release } from '#domain/volume/release.ts';
import type { VolumeView } from '#domain/volume/take-transition.ts';
import type { Volume } from '#domain/volume/volume.ts';
import type { VolumeDecision } from '#domain/volume/volume-state.ts';
import type { CheckReleaseDeps } from '../../functions/check-release/check-deps.ts';
import { checkRelease } from '../../functions/check-release/check-release.ts';
import { sweepVolumes } from '../../functions/sweep-volumes/sweep-volumes.ts';
import { ask } from './a-volume.ts';
import { type GarbagePorts, type GarbageWorld, garbageWorld, type MakeBackend, type Mishap } from './garbage-world.ts';
import { Killed } from './killed-at.ts';
import { type Files, type Prepared, prepare } from './publish-release.ts';
import { CRAWL, DAY_MS, prefixesOf, storedHashes } from './sweep-setup.ts';
import { judge } from './volume-history.ts';

export const PUBLISH_STEPS = ['stage', 'store', 'check', 'commit'] as const;

export type GarbageAction =
  | { readonly kind: 'publish'; readonly last: (typeof PUBLISH_STEPS)[number]; readonly documentsFirst: boolean }
  | { readonly kind: 'check' | 'abort' | 'roll-back' | 'pin' | 'unpin' | 'resume' | 'read' | 'sweep' };

export interface GarbageActor {
  readonly volume: number;
  readonly tree: number;
  readonly actions: readonly GarbageAction[];
  readonly mishap: Mishap | undefined;
}

export interface GarbageRound {
  /** Before the round; nobody is at work then. */
  readonly passes: 'nothing' | 'dooms' | 'grace' | 'day';
  readonly actors: readonly GarbageActor[];
}

export interface GarbagePlan {
  readonly seed: number;
  readonly rounds: readonly GarbageRound[];
}

export interface GarbageResult {
  readonly violations: readonly string[];
  readonly removed: number;
  readonly commits: number;
  readonly reads: number;
  readonly deaths: number;
}

/** What is done to the ports of one side, to see that it shows. */
export interface GarbageSabotage {
  readonly sweeper?: (ports: GarbagePorts) => GarbagePorts;
  readonly publisher?: (ports: GarbagePorts) => GarbagePorts;
}

const GRACE_MS = 3_600_000;
const volumeOf = (id: string): Volume => ({
  id,
  mount: id,
  type: 'files',
  maximumShrinkShare: 1,
  retain: 0,
  graceMs: GRACE_MS,
});
const VOLUMES = ['v', 'w'].map(volumeOf);
/** Every two have an object in common, or none. */
const CONTENTS: readonly Files[] = [
  { a: 'a', b: 'b' },
  { b: 'b', c: 'c' },
  { a: 'a', d: 'd' },
];
const TREES = CONTENTS.map(prepare);
const PREFIXES = prefixesOf(TREES.flatMap(({ objects }) => [...objects.keys()]));
const TREE_BY_ROOT = new Map(TREES.map((prepared) => [prepared.tree.sha256, prepared]));
const objectsOf = ({ root }: Release): readonly string[] => [...(TREE_BY_ROOT.get(root)?.objects.keys() ?? [])];

const PASSES_MS = { nothing: 0, dooms: DOOM_MS, grace: GRACE_MS, day: DAY_MS + GRACE_MS } as const;
const CONTENT = {
  read: async () => ({
    rules: { names: { domain: undefined, places: [] }, volumes: VOLUMES, proxies: [] },
    access: DEFAULT_ACCESS_POLICY,
    crawl: CRAWL,
  }),
};
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

interface Running {
  readonly world: GarbageWorld;
  readonly time: { nowMs: number };
  readonly violations: string[];
  readonly sums: { removed: number; commits: number; reads: number; deaths: number; runs: number };
}

/** A clock that a publisher's waiting moves for itself only; it is alive for less than a doom counts. */
const ownClock = (time: { nowMs: number }) => {
  let waitedMs = 0;
  return {
    now: () => {
      time.nowMs += 1;
      return time.nowMs + waitedMs;
    },
    pause: async (ms: number) => {
      waitedMs += ms * 20;
    },
  };
};

interface Acting {
  readonly running: Running;
  readonly ports: GarbagePorts;
  readonly clock: ReturnType<typeof ownClock>;
  readonly volume: Volume;
  readonly prepared: Prepared;
}

const decide = (
  { ports, clock, volume, prepared }: Acting,
  wanted: (view: VolumeView) => VolumeDecision,
): Promise<VolumeDecision> =>
  ask(ports.store, prepared.tree.sha256, wanted, { volume: volume.id, nowMs: clock.now(), by: 'user:ann' });

const check = async ({ ports, clock, volume, prepared }: Acting): Promise<void> => {
  const release = await ports.store.release(volume.id, prepared.tree.sha256);
  if (release === undefined) return;
  const deps: CheckReleaseDeps = {
    content: CONTENT,
    volumes: ports.store,
    objects: ports.objects,
    dooms: ports.dooms,
    clock,
    pause: clock.pause,
    log: SILENT,
    decompress: nodeDecompress,
    digester: nodeDigester,
  };
  await checkRelease(deps, { kind: 'check', volume: volume.id, root: release.root, stagedMs: release.sinceMs });
};

/** Puts what is missing, and leaves what is doomed to whoever checks. */
const store = async ({ ports, prepared }: Acting, documentsFirst: boolean): Promise<void> => {
  const { tree, objects } = prepared;
  const documents = [tree.sha256, ...tree.root.shards.map(({ sha256 }) => sha256)];
  const files = [...objects.keys()].filter((sha256) => !documents.includes(sha256));
  const all = documentsFirst ? [...documents, ...files] : [...files, ...documents];
  const doomed = await ports.dooms.doomed(all);
  for (const sha256 of all) {
    const isStored = (await ports.objects.sizeBytes(sha256)) !== undefined;
    if (objectStanding(isStored, doomed.has(sha256)) === 'missing')
      await ports.objects.put(sha256, objects.get(sha256) ?? new Uint8Array());
  }
};

const publish = async (acting: Acting, { last, documentsFirst }: Extract<GarbageAction, { kind: 'publish' }>): Promise<void> => {
  const { sha256: root, root: totals } = acting.prepared.tree;
  for (const step of PUBLISH_STEPS.slice(0, PUBLISH_STEPS.indexOf(last) + 1)) {
    if (step === 'stage') await decide(acting, (view) => decideStage(view, { root, files: totals.files, bytes: totals.bytes }));
    if (step === 'store') await store(acting, documentsFirst);
    if (step === 'check') await check(acting);
    if (step === 'commit' && (await decide(acting, (view) => decideCommit(view))).kind === 'change')
      acting.running.sums.commits += 1;
  }
};

/** What a client may be sent to, by releases that are still served when it was read. */
const read = async ({ running, ports, clock, volume }: Acting): Promise<void> => {
  const served = async () => releasesToSearch(volume, { kind: 'current' }, await ports.store.releases(volume.id), clock.now());
  for (const release of await served()) {
    const missing: string[] = [];
    for (const sha256 of objectsOf(release)) if ((await ports.objects.sizeBytes(sha256)) === undefined) missing.push(sha256);
    running.sums.reads += 1;
    if (missing.length > 0 && (await served()).some(({ root }) => root === release.root))
      running.violations.push(`a client does not find ${missing} of a release of ${volume.id} that was ${release.state}`);
  }
};

const sweep = async (running: Running, ports: GarbagePorts, clock: Acting['clock']): Promise<void> => {
  running.sums.runs += 1;
  const id = `run ${running.sums.runs}`;
  const deps = { ...ports, content: CONTENT, prefixes: PREFIXES, newId: () => `doomed by ${id}`, clock, log: SILENT };
  const { sweep: report } = await sweepVolumes(deps, { kind: 'sweep', run: id, by: 'user:ann', mode: 'done' });
  running.sums.removed += report?.removed ?? 0;
};

const act = async (acting: Acting, action: GarbageAction): Promise<void> => {
  switch (action.kind) {
    case 'publish':
      return publish(acting, action);
    case 'check':
      return check(acting);
    case 'abort':
      await decide(acting, (view) => decideAbort(view, 'abort'));
      return;
    case 'roll-back':
      await decide(acting, (view) => decideRollBack(view, 'back'));
      return;
    case 'pin':
    case 'unpin':
      await decide(acting, (view) => decidePin(view, action.kind === 'pin'));
      return;
    case 'resume':
      await ask(acting.ports.store, undefined, decideResume, { volume: acting.volume.id, nowMs: acting.clock.now() });
      return;
    case 'read':
      return read(acting);
    case 'sweep':
      return sweep(acting.running, acting.ports, acting.clock);
  }
};

const runActor = async (running: Running, actor: GarbageActor, name: string, sabotage: GarbageSabotage): Promise<void> => {
  const clock = ownClock(running.time);
  const plain = running.world.actor(name, actor.mishap, clock);
  const isSweeper = actor.actions.some(({ kind }) => kind === 'sweep');
  const ports = (isSweeper ? sabotage.sweeper?.(plain) : sabotage.publisher?.(plain)) ?? plain;
  const volume = VOLUMES[actor.volume % VOLUMES.length]!;
  const prepared = TREES[actor.tree % TREES.length]!;
  for (const action of actor.actions) {
    try {
      await act({ running, ports, clock, volume, prepared }, action);
    } catch (error) {
      // Whoever waits for a doom gives up; what got no answer is asked for again another time.
      if (error instanceof Fault) continue;
      if (!(error instanceof Killed)) running.violations.push(`${name}: ${String(error)}`);
      running.sums.deaths += 1;
      return;
    }
  }
};

/** Everything that a complete release has must be there, whenever nobody is at work. */
const inspect = async ({ world, violations }: Running): Promise<void> => {
  const stored = new Set(await storedHashes(world.alone.garbage));
  for (const volume of await world.alone.store.volumes()) {
    for (const release of await world.alone.store.releases(volume)) {
      const missing = objectsOf(release).filter((sha256) => !stored.has(sha256));
      if (isComplete(release) && missing.length > 0)
        violations.push(`a release of ${volume} is ${release.state} and has lost ${missing}`);
    }
  }
};

/** In the end everything goes that nobody needs, and no doom is left. */
const settle = async (running: Running): Promise<void> => {
  const { world, time, violations } = running;
  time.nowMs += PASSES_MS.day;
  await sweep(running, world.alone, ownClock(time));
  await world.quiet();
  await inspect(running);
  const lists = await Promise.all((await world.alone.store.volumes()).map((volume) => world.alone.store.releases(volume)));
  const needed = new Set(lists.flat().filter(needsObjects).flatMap(objectsOf));
  const rest = (await storedHashes(world.alone.garbage)).filter((sha256) => !needed.has(sha256));
  if (rest.length > 0) violations.push(`nobody needs ${rest}`);
  for (const volume of VOLUMES) violations.push(...(await judge(world.alone.store, volume.id, [])));
};

export const runGarbageHistory = async (
  make: MakeBackend,
  { seed, rounds }: GarbagePlan,
  sabotage: GarbageSabotage = {},
): Promise<GarbageResult> => {
  // Objects are old as soon as they are stored: nothing may depend on their age.
  const time = { nowMs: Date.now() + 10 * DAY_MS };
  const world = await garbageWorld(make, { now: () => time.nowMs }, seed);
  const running: Running = { world, time, violations: [], sums: { removed: 0, commits: 0, reads: 0, deaths: 0, runs: 0 } };
  for (const { passes, actors } of rounds) {
    time.nowMs += PASSES_MS[passes];
    await Promise.all(actors.map((actor, at) => runActor(running, actor, `actor ${at}`, sabotage)));
    await world.quiet();
    await inspect(running);
  }
  await settle(running);
  await world.close();
  const { runs: _, ...sums } = running.sums;
  return { ...sums, violations: running.violations };
};
