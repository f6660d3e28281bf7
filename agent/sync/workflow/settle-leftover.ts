import { isFlocked } from '../../update/host/flock.ts';
import { survivors } from '../../update/host/survivors.ts';
import { type Outcome, outcome } from '../../update/workflow/outcome.ts';
import { printElapsed } from '../config/duration.ts';
import type { SyncRunState } from '../state/sync-state.ts';
import { deliverEnd } from './deliver-end.ts';
import { startHeartbeats } from './heartbeats.ts';
import { stepName } from './run-pass.ts';
import { handleOf, type SyncContext, save } from './sync-context.ts';

export type Leftover =
  | { readonly kind: 'none' }
  /** A synchronisation to go on with. */
  | { readonly kind: 'resume'; readonly state: SyncRunState }
  | { readonly kind: 'unavailable'; readonly state: SyncRunState; readonly reason: string }
  | { readonly kind: 'end'; readonly outcome: Outcome };

const POLL_MS = 1_000;

/** What an earlier run, killed or without a network, left to do. */
export async function settleLeftover(context: SyncContext): Promise<Leftover> {
  const state = context.states.read();
  if (state === undefined) return { kind: 'none' };
  if (state.baseUrl !== context.config.service.baseUrl)
    return {
      kind: 'end',
      outcome: outcome('configuration', `a synchronisation at ${state.baseUrl} is unfinished (${context.states.path})`),
    };
  context.report.say('leftover', `a run that began ${state.startedAt} left its synchronisation at step ${state.step}`, {
    step: state.step,
    syncId: state.syncId,
  });
  if (state.step === 'end') return told(context, state);
  if (state.step === 'run') {
    const blocked = await outlive(context, state);
    if (blocked !== undefined) return { kind: 'end', outcome: blocked };
  }
  const fits = state.mode === context.config.mode && (state.pass === 'first' || context.commands.length > 1);
  if (!fits) return told(context, save(context, { ...state, step: 'end', outcome: 'aborted' }));
  return { kind: 'resume', state: save(context, { ...state, step: state.syncId === undefined ? 'begin' : 'wait' }) };
}

async function told(context: SyncContext, state: SyncRunState): Promise<Leftover> {
  const delivery = await deliverEnd(context, state);
  if (delivery.kind !== 'owed') return { kind: 'none' };
  if (context.signals.stop.aborted) return { kind: 'end', outcome: outcome('stopped', 'asked to stop') };
  if (delivery.why === 'refused') return { kind: 'end', outcome: outcome('refused', `the service refuses: ${delivery.reason}`) };
  // Whatever runs now runs under the synchronisation that was not ended.
  return { kind: 'unavailable', state: { ...state, pass: 'first' }, reason: delivery.reason };
}

/** A command that outlived its run is given heartbeats until it ends: two that write into one tree would spoil it. */
async function outlive(context: SyncContext, state: SyncRunState): Promise<Outcome | undefined> {
  if (!isAlive(context, state)) return undefined;
  const startedMs = context.nowMs();
  const sync = handleOf(state);
  const beats =
    sync === undefined
      ? undefined
      : startHeartbeats(context, sync, state.pass === 'second', (reason) =>
          context.report.warn('lost', `while the command of an earlier run is at work: ${reason}`),
        );
  try {
    while (isAlive(context, state)) {
      const pids = survivors(context.commandLockFile, stepName(state)).join(', ') || 'unknown';
      const elapsed = (): string => printElapsed(context.nowMs() - startedMs);
      context.report.waiting(
        'survivor',
        () => `the command of a run that was killed is still at work (process ${pids}), for ${elapsed()}`,
        { processes: pids },
      );
      if (context.nowMs() - startedMs >= context.config.waitMs)
        return outcome('busy', `the command of a run that was killed is still at work (process ${pids}); nothing was started`);
      await context.sleep(POLL_MS, context.signals.stop);
      if (context.signals.stop.aborted)
        return outcome('stopped', 'asked to stop; the command of an earlier run is still at work');
    }
  } finally {
    await beats?.stop();
  }
  context.report.say('survivor-ended', 'the command of the run that was killed has ended, nobody knows how');
  return undefined;
}

const isAlive = (context: SyncContext, state: SyncRunState): boolean =>
  survivors(context.commandLockFile, stepName(state)).length > 0 || isFlocked(context.commandLockFile);
