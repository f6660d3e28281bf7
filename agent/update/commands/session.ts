import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { choiceOption, type OptionValues, type Terminal, textOption } from '../../cli/command.ts';
import { logFile } from '../../log/log-file.ts';
import { type RunLog, runLog } from '../../log/run-log.ts';
import { lockService } from '../../service/lock-service.ts';
import { loadConfig } from '../config/load-config.ts';
import type { UpdateConfig } from '../config/update-config.ts';
import { bootId } from '../host/boot-id.ts';
import { describeOwner, tryFlock, writeOwner } from '../host/flock.ts';
import { type StateCalls, stateFile } from '../state/state-file.ts';
import { leaseWatch } from '../workflow/lease-watch.ts';
import { EXIT_CODES, type Outcome, outcome } from '../workflow/outcome.ts';
import type { WorkflowContext } from '../workflow/workflow-context.ts';
import { INTERRUPTED_POLICIES } from './common-options.ts';
import { problemOutcome } from './guarded.ts';

export const configOf = (options: OptionValues, terminal: Terminal): UpdateConfig =>
  loadConfig(textOption(options, 'config') ?? textOption(options, 'cfg'), terminal.userId);

/** Runs `act` as the only agent of this host, with everything that the workflow needs, and logs how it ended. */
export async function withSession(
  options: OptionValues,
  terminal: Terminal,
  stateCalls: StateCalls | undefined,
  act: (context: WorkflowContext) => Promise<Outcome>,
): Promise<Outcome> {
  const config = configOf(options, terminal);
  const agentLock = tryFlock(config.agentLockFile);
  if (agentLock === undefined)
    return outcome('busy', `another agent is at work: ${describeOwner(config.agentLockFile)} (${config.agentLockFile})`);
  const stop = stopOnSignals();
  try {
    const id = bootId(config.bootIdFile);
    writeOwner(agentLock, { pid: process.pid, bootId: id, since: new Date().toISOString() });
    if (config.seedStateFile !== undefined && existsSync(config.seedStateFile))
      return outcome(
        'configuration',
        `${config.seedStateFile} says that another updater is in the middle of an update: let it finish first`,
      );
    const log = sessionLog(config, options, terminal);
    for (const warning of config.warnings) log.warning(warning);
    return await logged(log, config, () => act(sessionContext(config, options, terminal, log, stop.signal, stateCalls)));
  } finally {
    stop.end();
    agentLock.release();
  }
}

async function logged(log: RunLog, config: UpdateConfig, act: () => Promise<Outcome>): Promise<Outcome> {
  let result: Outcome;
  try {
    result = await act();
  } catch (error) {
    result = problemOutcome(error, config.stateFile);
  }
  if (EXIT_CODES[result.kind] === 0) log.info(`${result.kind}: ${result.message}`);
  else log.error(`${result.kind}: ${result.message}`);
  return result;
}

function sessionContext(
  config: UpdateConfig,
  options: OptionValues,
  terminal: Terminal,
  log: RunLog,
  stop: AbortSignal,
  stateCalls: StateCalls | undefined,
): WorkflowContext {
  const sleep = sleeper(stop);
  const service = lockService(config.service, { log, sleep, random: Math.random, stop });
  return {
    config,
    states: stateFile(config.stateFile, stateCalls),
    service,
    log,
    nowMs: () => Date.now(),
    sleep,
    random: Math.random,
    newId: () => randomUUID(),
    bootId: () => bootId(config.bootIdFile),
    userId: terminal.userId,
    environment: terminal.environment,
    stop,
    interrupted: choiceOption(options, 'interrupted', INTERRUPTED_POLICIES) ?? config.interrupted,
    wait: options['wait'] === true || (options['no-wait'] !== true && config.wait),
    lease: leaseWatch(service, log),
  };
}

function sessionLog(config: UpdateConfig, options: OptionValues, terminal: Terminal): RunLog {
  const { file, level, ...limits } = config.log;
  const problem = (reason: string): void => terminal.err(`mirrortide: ${reason}\n`);
  return runLog({
    file: file === undefined ? undefined : logFile(file, limits, problem),
    fileLevel: level,
    terminal: (line) => terminal.out(`${line}\n`),
    terminalLevel: options['quiet'] === true ? 'warning' : 'info',
    json: options['json'] === true,
    nowMs: () => Date.now(),
  });
}

const sleeper =
  (stop: AbortSignal) =>
  (ms: number): Promise<void> =>
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

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The first signal asks the workflow to stop in order; the state on disk is right at any moment anyway. */
function stopOnSignals(): { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController();
  const onSignal = (): void => controller.abort();
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    end: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}
