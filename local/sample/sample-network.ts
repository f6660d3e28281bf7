import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../emulators/free-port.ts';
import { type MirrorServer, type MirrorState, startMirrorServer } from './mirror-server.ts';
import { copySampleState, SAMPLE_STATES, type SampleState } from './sample-trees.ts';
import { publishSampleVolumes, type SampleAccess } from './sample-volumes.ts';

/** Something a person can do to the running sample, to see the answers follow. */
export interface SampleCommand {
  /** One letter, typed and followed by Enter. */
  readonly key: string;
  readonly help: string;
  /** Does it and returns one line for the person who asked. */
  run(): Promise<string>;
}

export interface SampleNetwork {
  /** An ordinary network file. */
  readonly networkFile: string;
  readonly commands: readonly SampleCommand[];
  /** Publishes what its volumes were published from last, at first their first state; one line about it. */
  publishVolumes(access: SampleAccess): Promise<string>;
  stop(): Promise<void>;
}

/** What a restart with the same data directory takes up again. */
interface SampleMemory {
  port: number;
  master: SampleState;
  /** State of each mirror's tree, by name. */
  readonly trees: Record<string, SampleState>;
  broken: boolean;
  /** What the volumes are published from; undefined in memories of before there were any. */
  volumes?: SampleState;
}

/** In the order of their loopback addresses, 127.0.0.2 and up. */
const MIRRORS = ['good-de', 'good-us', 'stale-fr', 'broken-gb', 'lying-nl'] as const;
const GOOD = ['good-de', 'good-us'];
const TEMPLATE = new URL('./network.yaml', import.meta.url);
const LATEST: SampleState = '3';

async function remember(file: string): Promise<SampleMemory> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as SampleMemory;
  } catch {
    const trees = { 'good-de': '2', 'good-us': '2', 'stale-fr': '1', 'broken-gb': '2', 'lying-nl': '2' } as const;
    return { port: await freePort(), master: '2', trees: { ...trees }, broken: true };
  }
}

function behaviourOf(name: string, broken: boolean): MirrorState['behaviour'] {
  if (name === 'lying-nl') return 'lie';
  return name === 'broken-gb' && broken ? 'fail' : 'serve';
}

interface Sample {
  /** The tree that mirrors follow. */
  readonly master: string;
  readonly memory: SampleMemory;
  readonly mirrors: ReadonlyMap<string, MirrorServer>;
  readonly treeOf: (state: SampleState) => string;
  readonly save: () => Promise<void>;
}

async function synchronise({ memory, mirrors, treeOf, save }: Sample, names: readonly string[]): Promise<void> {
  for (const name of names) {
    memory.trees[name] = memory.master;
    const mirror = mirrors.get(name);
    if (mirror !== undefined) mirror.state.root = treeOf(memory.master);
  }
  await save();
}

const mirrorCommands = (sample: Sample): readonly SampleCommand[] => {
  const { memory, mirrors } = sample;
  return [
    {
      key: 'u',
      help: 'update the master: a new package, new repomd.xml and Release; no mirror has it yet',
      async run() {
        memory.master = memory.master === LATEST ? '2' : LATEST;
        await copySampleState(memory.master, sample.master);
        await sample.save();
        return `the master is at state ${memory.master} now; its mirrors are behind until they synchronise (s)`;
      },
    },
    {
      key: 's',
      help: 'the good mirrors (DE, US) synchronise with the master',
      async run() {
        await synchronise(sample, GOOD);
        return 'good-de and good-us hold what the master holds';
      },
    },
    {
      key: 'c',
      help: 'the stale mirror (FR) catches up',
      async run() {
        await synchronise(sample, ['stale-fr']);
        return 'stale-fr holds what the master holds';
      },
    },
    {
      key: 'b',
      help: 'the broken mirror (GB) is repaired, or breaks again',
      async run() {
        memory.broken = !memory.broken;
        const mirror = mirrors.get('broken-gb');
        if (mirror !== undefined) mirror.state.behaviour = behaviourOf('broken-gb', memory.broken);
        await synchronise(sample, ['broken-gb']);
        return memory.broken ? 'broken-gb answers 503 to everything' : 'broken-gb works and holds what the master holds';
      },
    },
  ];
};

/** The volumes are published from the same states as the mirrors' master, at first from the oldest. */
const volumesOf = (folder: string, { memory, treeOf, save }: Sample) => {
  let access: SampleAccess | undefined;
  const publish = async (): Promise<string> => {
    if (access === undefined) return 'the volumes cannot be published to yet';
    return publishSampleVolumes(folder, treeOf(memory.volumes ?? '1'), access);
  };
  const command: SampleCommand = {
    key: 'p',
    help: 'publish the next version of every volume: staged, checked, released',
    async run() {
      memory.volumes = memory.volumes === '2' ? LATEST : '2';
      await save();
      return publish();
    },
  };
  const publishVolumes = (given: SampleAccess): Promise<string> => {
    access = given;
    return publish();
  };
  return { command, publishVolumes };
};

async function startMirrors(memory: SampleMemory, treeOf: Sample['treeOf']): Promise<ReadonlyMap<string, MirrorServer>> {
  const mirrors = new Map<string, MirrorServer>();
  for (const [index, name] of MIRRORS.entries()) {
    const state = { root: treeOf(memory.trees[name] ?? memory.master), behaviour: behaviourOf(name, memory.broken) };
    mirrors.set(name, await startMirrorServer(`127.0.0.${index + 2}`, memory.port, state));
  }
  return mirrors;
}

/** Starts the sample's mirrors and writes its network file and its master's tree into `folder`. */
export async function startSampleNetwork(folder: string): Promise<SampleNetwork> {
  const master = join(folder, 'master');
  const stateFile = join(folder, 'state.json');
  const treeOf = (state: SampleState): string => join(folder, 'trees', state);
  await mkdir(folder, { recursive: true });
  const memory = await remember(stateFile);
  const save = (): Promise<void> => writeFile(stateFile, `${JSON.stringify(memory, undefined, 2)}\n`);
  for (const state of SAMPLE_STATES) await copySampleState(state, treeOf(state));
  await copySampleState(memory.master, master);
  const mirrors = await startMirrors(memory, treeOf);
  await save();
  const networkFile = join(folder, 'network.yaml');
  const template = await readFile(TEMPLATE, 'utf8');
  await writeFile(
    networkFile,
    template.replace(/@([a-z-]+)@(?=\/)/g, (_, name: string) => mirrors.get(name)?.url ?? ''),
  );
  const sample: Sample = { master, memory, mirrors, treeOf, save };
  const { command, publishVolumes } = volumesOf(folder, sample);
  return {
    networkFile,
    commands: [...mirrorCommands(sample), command],
    publishVolumes,
    async stop() {
      await Promise.all([...mirrors.values()].map((mirror) => mirror.stop()));
    },
  };
}
