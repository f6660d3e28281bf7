import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { OptionValues, Terminal } from '../../cli/command.ts';
import type { StateCalls } from '../../files/durable-file.ts';
import { logFile } from '../../log/log-file.ts';
import { type RunLog, runLog } from '../../log/run-log.ts';
import type { ServiceAccess } from '../../service/service-access.ts';
import { categoryOf, loadSyncConfig, type SyncConfig } from '../config/sync-config.ts';
import { type SyncService, syncService } from '../service/sync-service.ts';
import { type SyncStateFile, syncStateFile } from '../state/sync-state.ts';
import { type Signals, signals } from '../workflow/signals.ts';
import type { SyncContext } from '../workflow/sync-context.ts';
import { syncReport } from '../workflow/sync-report.ts';

/** Where a host's synchronisation of one category is kept; several hosts may live on one machine. */
export interface SyncPlaces {
  readonly stateFile: string;
  /** Held by the run. */
  readonly runLockFile: string;
  /** Held by the command and all that it starts. */
  readonly commandLockFile: string;
}

/** Ids never hold the separator. */
export function syncPlaces(config: SyncConfig, category: string): SyncPlaces {
  const base = join(config.stateFolder, `${config.host}~${category}`);
  return { stateFile: `${base}.json`, runLockFile: `${base}.lock`, commandLockFile: `${base}.command.lock` };
}

const sleep = (ms: number, stop: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (stop.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stop.addEventListener('abort', done);
  });

const serviceOf = (config: SyncConfig, log: RunLog, stop: AbortSignal): SyncService =>
  syncService(config.service, config.host, { log, sleep: (ms) => sleep(ms, stop), random: Math.random, stop });

const fileLog = ({ log: { file, level, ...limits } }: SyncConfig, terminal: Terminal): RunLog =>
  runLog({
    file: file === undefined ? undefined : logFile(file, limits, (reason) => terminal.err(`mirrortide: ${reason}\n`)),
    fileLevel: level,
    terminal: () => {},
    terminalLevel: 'error',
    json: false,
    nowMs: () => Date.now(),
  });

const SILENT: RunLog = { debug: () => {}, info: () => {}, warning: () => {}, error: () => {} };
/** Whoever looks on, or gives one order, wants an answer soon. */
const ASK_BRIEFLY = { attempts: 2, connectMs: 5_000, totalMs: 15_000 };

/** The shortest lease is half a minute, and three beats are to fit in. */
const LONGEST_BEAT_MS = 10_000;

const beatOf = (access: ServiceAccess): ServiceAccess => ({
  ...access,
  attempts: 1,
  totalMs: Math.min(access.totalMs, LONGEST_BEAT_MS),
});

export interface BriefSession {
  readonly config: SyncConfig;
  readonly service: SyncService;
}

export function briefSession(options: OptionValues, terminal: Terminal): BriefSession {
  const config = loadSyncConfig(options, terminal);
  const impatient = { ...config, service: { ...config.service, ...ASK_BRIEFLY } };
  return { config, service: serviceOf(impatient, SILENT, new AbortController().signal) };
}

/** Everything that a run needs, and a way to end it. */
export function openSession(
  options: OptionValues,
  terminal: Terminal,
  commands: SyncContext['commands'],
  stateCalls: StateCalls | undefined,
): { readonly context: SyncContext; readonly places: SyncPlaces; readonly close: () => void } {
  const config = loadSyncConfig(options, terminal);
  const category = categoryOf(config);
  const places = syncPlaces(config, category);
  const log = fileLog(config, terminal);
  const caught: Signals = signals(terminal.isInteractive === true);
  const states: SyncStateFile = syncStateFile(places.stateFile, stateCalls);
  const report = syncReport({
    terminal,
    log,
    json: options['json'] === true,
    quiet: options['quiet'] === true,
    nowMs: () => Date.now(),
  });
  const context: SyncContext = {
    config,
    category,
    commands,
    states,
    commandLockFile: places.commandLockFile,
    asking: serviceOf(config, log, caught.stop),
    telling: serviceOf(config, log, caught.stopAtOnce),
    beating: serviceOf({ ...config, service: beatOf(config.service) }, log, new AbortController().signal),
    report,
    signals: caught,
    nowMs: () => performance.now(),
    isoNow: () => new Date().toISOString(),
    sleep,
    random: Math.random,
    newId: () => randomUUID(),
    environment: terminal.environment,
  };
  const close = (): void => {
    report.clear();
    caught.end();
  };
  return { context, places, close };
}
