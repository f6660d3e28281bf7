import type { Category } from '#domain/inventory/inventory.ts';
import type { LocalSystem } from './local-system.ts';
import { repeat } from './repeat.ts';
import type { Stage } from './stage-functions.ts';

export interface SchedulesOptions {
  readonly categories: readonly Category[];
  /** Whether the network serves content of its own: without it, nothing looks for updates and garbage. */
  readonly hasContent: boolean;
  /** Between two plans, and between two looks at whether there is something to publish. */
  readonly paceMs: number;
  readonly onFault: (doing: string, error: unknown) => void;
  readonly onDeadLetter: (body: string) => void;
}

export interface Schedules {
  /** Scans every master now instead of at its time. */
  scanNow(): Promise<void>;
  stop(): Promise<void>;
}

/** A directory on this machine costs nothing to look at, so a change in it shows within seconds, whatever its schedule says. */
const DIRECTORY_SCAN_MS = 10_000;
/** As deployed. */
const LOCK_SWEEP_MS = 300_000;
/** Every minute when deployed; here somebody watches. */
const DRAIN_SWEEP_MS = 15_000;
/** Every five minutes when deployed. An update is due by what its volume says, here as there. */
const VOLUME_UPDATE_MS = 15_000;
/** Every hour when deployed. */
const VOLUME_SWEEP_MS = 600_000;

/**
 * The schedules of the deployed stack, at the pace of a person who watches. Nothing is planned while crawls are pending: the queue
 * would take equal requests again after its window.
 */
export function startSchedules(system: LocalSystem, options: SchedulesOptions): Schedules {
  const stopping = new AbortController();
  const every = (pauseMs: number, doing: string, work: () => Promise<void>): Promise<void> =>
    repeat(pauseMs, stopping.signal, work, (error) => options.onFault(doing, error));
  const scan = async (category: string): Promise<void> => {
    await system.invoke('scan-master', { category });
  };
  const scans = options.categories.map(({ id, master, schedule }) => {
    const pauseMs = master.kind === 'directory' ? Math.min(DIRECTORY_SCAN_MS, schedule.scanMasterMs) : schedule.scanMasterMs;
    return every(pauseMs, `scanning ${id}`, () => scan(id));
  });
  const invoked = (pauseMs: number, doing: string, stage: Stage): Promise<void> =>
    every(pauseMs, doing, async () => {
      await system.invoke(stage, {});
    });
  const running = [
    ...scans,
    ...(options.hasContent
      ? [
          invoked(VOLUME_UPDATE_MS, 'looking for updates of volumes', 'update-volume'),
          invoked(VOLUME_SWEEP_MS, 'sweeping volumes', 'sweep-volumes'),
        ]
      : []),
    every(options.paceMs, 'planning', async () => {
      if ((await system.pendingCrawls()) === 0) await system.invoke('plan-crawls', {});
    }),
    every(options.paceMs, 'publishing', async () => {
      await system.invoke('publish-snapshot', {});
      await system.edgeStore.refreshTable();
    }),
    invoked(LOCK_SWEEP_MS, 'sweeping locks', 'sweep-locks'),
    invoked(DRAIN_SWEEP_MS, 'sweeping drains', 'sweep-drains'),
    every(options.paceMs, 'looking for dead letters', async () => {
      for (const body of await system.takeDeadLetters()) options.onDeadLetter(body);
    }),
  ];
  return {
    async scanNow() {
      for (const { id } of options.categories) await scan(id);
    },
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}
