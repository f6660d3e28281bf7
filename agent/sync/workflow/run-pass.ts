import { freshFlock } from '../../update/host/flock.ts';
import { printElapsed } from '../config/duration.ts';
import type { SyncRunState } from '../state/sync-state.ts';
import { startHeartbeats } from './heartbeats.ts';
import { type CommandEnd, startCommand } from './run-command.ts';
import { handleOf, type SyncContext, save } from './sync-context.ts';

/** Names one start of one command; survivors of a killed run are known by it. */
export const stepName = ({ key, pass, starts }: SyncRunState): string => `${key}/${pass}/${starts}`;

/** Runs one command, its start on disk before it, with heartbeats if the service knows of it. */
export async function runPass(
  context: SyncContext,
  before: SyncRunState,
  command: readonly string[],
): Promise<{ readonly state: SyncRunState; readonly end: CommandEnd }> {
  const lock = freshFlock(context.commandLockFile);
  try {
    const state = save(context, { ...before, step: 'run', starts: before.starts + 1 });
    return { state, end: await supervised(context, state, command, lock.descriptor) };
  } finally {
    lock.release();
  }
}

async function supervised(
  context: SyncContext,
  state: SyncRunState,
  command: readonly string[],
  lockDescriptor: number,
): Promise<CommandEnd> {
  const { report, signals, config } = context;
  const startedMs = context.nowMs();
  report.say('start', `start ${command.join(' ')}`, { pass: state.pass });
  report.clear();
  const running = startCommand({
    command,
    environment: {
      ...context.environment,
      MIRRORTIDE_HOST: state.host,
      MIRRORTIDE_CATEGORY: state.category,
      MIRRORTIDE_SYNC: state.syncId ?? '',
      MIRRORTIDE_PASS: state.pass,
    },
    lockFile: context.commandLockFile,
    lockDescriptor,
    step: stepName(state),
    relay: signals.relayTo,
  });
  const sync = handleOf(state);
  const beats =
    sync === undefined
      ? undefined
      : startHeartbeats(context, sync, state.pass === 'second', (reason) => {
          const then = config.killWhenLost ? 'it is ended' : 'it goes on, and the host stays out of service until it is verified';
          report.warn('lost', `while the command runs: ${reason}; ${then}`);
          if (config.killWhenLost) running.kill();
        });
  const end = await running.ended;
  await beats?.stop();
  report.say('exit', `${command[0] ?? ''}: ${end.text} after ${printElapsed(context.nowMs() - startedMs)}`, {
    pass: state.pass,
    exitCode: end.exitCode,
    outcome: end.outcome,
  });
  return end;
}
