import { dynamoUpstreamChecks } from '#adapters/aws/dynamo-upstream-checks.ts';
import { dynamoVolumeDooms } from '#adapters/aws/dynamo-volume-dooms.ts';
import { dynamoVolumeStore } from '#adapters/aws/dynamo-volume-store.ts';
import { dynamoVolumeSweeps } from '#adapters/aws/dynamo-volume-sweeps.ts';
import { s3VolumeGarbage } from '#adapters/aws/s3-volume-garbage.ts';
import { s3VolumeObjects } from '#adapters/aws/s3-volume-objects.ts';
import { DEFAULT_ACCESS_POLICY } from '#domain/inventory/access-policy.ts';
import { decideCommit, decideSeal, decideStage, decideValidation } from '#domain/volume/decide-release.ts';
import { HASH_PREFIXES } from '#domain/volume/garbage.ts';
import type { UpstreamCheck } from '#domain/volume/upstream/upstream-check.ts';
import type { Volume } from '#domain/volume/volume.ts';
import type { VolumeGarbage } from '#ports/volume-garbage.ts';
import type { SweepMode } from '#ports/volume-sweeps.ts';
import { printVolumeWork } from '#wire/volume/volume-work.ts';
import { type SweepOutcome, type SweepVolumesDeps, sweepVolumes } from '../../functions/sweep-volumes/sweep-volumes.ts';
import { parseSweepOrder, type SweepOrder } from '../../functions/sweep-volumes/which-sweep.ts';
import { freshBucket, freshTable } from '../contract/places.ts';
import { ask } from './a-volume.ts';
import type { EmulatorsInTest } from './emulators.ts';
import { type Files, type Prepared, prepare } from './publish-release.ts';
import { tableContents } from './table-contents.ts';

export const DAY_MS = 86_400_000;

export const CRAWL = {
  contact: 'x',
  allowedAddresses: [],
  allowedPorts: 'any',
  requestsPerCheck: 1,
  connectionsPerHost: 1,
} as const;

/** All hashes that a garbage collector may come to see here begin with one of these. */
export const prefixesOf = (hashes: Iterable<string>): readonly string[] => [
  ...new Set([...hashes].map((hash) => hash.slice(0, 2))),
];

export const storedHashes = async (garbage: VolumeGarbage): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const page of garbage.list('')) found.push(...page.map(({ sha256 }) => sha256));
  return found;
};

export type Step = 'stage' | 'store' | 'seal' | 'validate' | 'commit';
const STEPS: readonly Step[] = ['stage', 'store', 'seal', 'validate', 'commit'];

/** The stage over one table and one bucket of the emulators. Objects are as old as the clock is ahead of the machine's. */
export const sweepSetup = async (emulators: EmulatorsInTest, volumes: readonly Volume[]) => {
  const dynamo = emulators.dynamoDb({ maxAttempts: 3 });
  const table = await freshTable(dynamo, emulators.freshName('volumes'), 'pk', 'sk');
  const bucket = { client: emulators.s3({ maxAttempts: 3 }), name: await freshBucket(emulators) };
  const time = { nowMs: Date.now() + 3 * DAY_MS };
  const clock = { now: () => time.nowMs };
  const logged: string[] = [];
  const write = (level: string) => (message: string) => void logged.push(`${level} ${message}`);
  const rules = { names: { domain: undefined, places: [] }, volumes, proxies: [] };
  const upstreams = dynamoUpstreamChecks(dynamo, table);
  const dooms = dynamoVolumeDooms(dynamo, table, clock);
  let ids = 0;
  const deps: SweepVolumesDeps = {
    content: { read: async () => ({ rules, access: DEFAULT_ACCESS_POLICY, crawl: CRAWL }) },
    store: dynamoVolumeStore(dynamo, table),
    upstreams,
    dooms,
    sweeps: dynamoVolumeSweeps(dynamo, table),
    objects: s3VolumeObjects(bucket),
    garbage: s3VolumeGarbage(bucket),
    prefixes: HASH_PREFIXES,
    newId: () => {
      ids += 1;
      return `id-${ids}`;
    },
    clock,
    log: { info: write('info'), warn: write('warn'), error: write('error') },
  };
  const store = dynamoVolumeStore(dynamo, table);
  const objects = s3VolumeObjects(bucket);
  const put = async ({ objects: all }: Prepared): Promise<void> => {
    for (const [sha256, bytes] of all) await objects.put(sha256, bytes);
  };
  return {
    deps,
    time,
    logged,
    store,
    dooms,
    objects,
    bucket,
    /** From nothing, as far as a step. */
    publish: async (volume: string, files: Files, last: Step = 'commit'): Promise<Prepared> => {
      const prepared = prepare(files);
      const { sha256, root } = prepared.tree;
      const asked = { volume, nowMs: time.nowMs };
      for (const step of STEPS.slice(0, STEPS.indexOf(last) + 1)) {
        if (step === 'stage')
          await ask(store, sha256, (view) => decideStage(view, { root: sha256, files: root.files, bytes: root.bytes }), asked);
        if (step === 'store') await put(prepared);
        if (step === 'seal') await ask(store, sha256, decideSeal, asked);
        if (step === 'validate') await ask(store, sha256, (view) => decideValidation(view, []), asked);
        if (step === 'commit')
          await ask(store, sha256, (view) => decideCommit(view, { expected: view.pointer.current ?? null }), asked);
      }
      return prepared;
    },
    /** Of the prefixes only that there is something under: the other ones cost time. */
    sweep: async (order: SweepOrder = { kind: 'hourly' }, changed: Partial<SweepVolumesDeps> = {}): Promise<SweepOutcome> =>
      sweepVolumes({ ...deps, prefixes: prefixesOf(await storedHashes(deps.garbage)), ...changed }, order),
    checked: (check: UpstreamCheck) => upstreams.write(check, 1),
    stored: async (): Promise<ReadonlySet<string>> => new Set(await storedHashes(deps.garbage)),
    contents: async (): Promise<readonly string[]> => (await tableContents(dynamo, table)).toSorted(),
  };
};

export type SweepSetup = Awaited<ReturnType<typeof sweepSetup>>;

export const SWEPT: Volume = { id: 'v', mount: 'v', type: 'files', maximumShrinkShare: 1, retain: 1, graceMs: DAY_MS };
/** A file that all versions have, and one of its own. */
export const version = (number: number): Files => ({ same: 'same', [`file-${number}`]: `number ${number}` });

/** Versions of the volume, one after the other, a day apart; the last one is current. */
export const history = async (setup: SweepSetup, count: number): Promise<readonly Prepared[]> => {
  const all: Prepared[] = [];
  for (let number = 0; number < count; number += 1) {
    setup.time.nowMs += DAY_MS;
    all.push(await setup.publish(SWEPT.id, version(number)));
  }
  return all;
};

/** As it comes from the queue. */
export const asked = (run: string, mode: SweepMode = 'done'): SweepOrder =>
  parseSweepOrder(printVolumeWork({ kind: 'sweep', run, by: 'user:ann', mode }));
