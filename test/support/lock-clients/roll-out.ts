import { createHash } from 'node:crypto';
import { dlmEngineUpdater } from './dlmengine-updater.ts';
import { foremanDlmUpdater } from './foreman-dlm-updater.ts';
import { criticalSection, type HostRecord, type HostSetup } from './simulated-host.ts';
import { nodeUuid, zincati } from './zincati.ts';

export const CLIENTS = ['foreman_dlm_updater 0.0.2', 'DLMEngineUpdater 1.0.2', 'DLMEngineUpdater 0.3.0', 'Zincati'] as const;
export type Client = (typeof CLIENTS)[number];

export interface RollOut {
  readonly server: string;
  /** As the native API names it: `fl:GROUP` where Zincati takes part. */
  readonly lock: string;
  /** Dealt out to the hosts in turn. */
  readonly clients: readonly Client[];
  readonly hosts: number;
  readonly seed: number;
  readonly secondMs: number;
  readonly slots?: number;
}

export interface RollOutResult {
  readonly records: readonly HostRecord[];
  readonly violations: readonly string[];
  readonly entered: readonly string[];
  readonly left: readonly string[];
  readonly tookMs: number;
}

/** The same numbers for the same seed (mulberry32). */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const UPDATE_SECONDS = 2;

const nameOf = (client: Client, number: number): string =>
  client === 'Zincati' ? nodeUuid(createHash('md5').update(`machine ${number}`).digest('hex')) : `host${number}.example`;

/** The lock that FleetLock's group `NAME` is, where no policy maps it to another one. */
const FLEETLOCK_PREFIX = 'fl:';

/** Zincati names a group, never a lock; a name with a colon is none, and it would be refused for ever. */
const groupOf = (lock: string): string => {
  if (!lock.startsWith(FLEETLOCK_PREFIX)) throw new Error(`no group of Zincati's is the lock ${lock}`);
  return lock.slice(FLEETLOCK_PREFIX.length);
};

const update = (client: Client, setup: HostSetup): Promise<HostRecord> => {
  const credential = { secretId: 'updaters', secret: 'one for all hosts', wait: true };
  switch (client) {
    case 'foreman_dlm_updater 0.0.2':
      return foremanDlmUpdater(setup);
    case 'DLMEngineUpdater 1.0.2':
      return dlmEngineUpdater(setup, { ...credential, version: '1.0.2' });
    case 'DLMEngineUpdater 0.3.0':
      return dlmEngineUpdater(setup, { ...credential, version: '0.3.0' });
    case 'Zincati':
      return zincati({ ...setup, lock: groupOf(setup.lock) });
  }
};

/** Every host updates once under the lock, all at the same time. */
export const rollOut = async (plan: RollOut): Promise<RollOutResult> => {
  const section = criticalSection(plan.slots);
  const startedMs = performance.now();
  const records = await Promise.all(
    Array.from({ length: plan.hosts }, (_, index) => {
      const client = plan.clients[index % plan.clients.length] ?? 'Zincati';
      const { server, lock, secondMs, seed } = plan;
      return update(client, {
        name: nameOf(client, index + 1),
        address: `127.0.1.${index + 1}`,
        server,
        lock,
        section,
        secondMs,
        updateSeconds: UPDATE_SECONDS,
        random: seeded(seed * 1_000 + index),
      });
    }),
  );
  const { violations, entered, left } = section;
  return { records, violations, entered, left, tookMs: performance.now() - startedMs };
};
