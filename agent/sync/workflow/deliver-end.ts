import type { SyncReply, SyncSeen } from '../service/sync-service.ts';
import type { SyncRunState } from '../state/sync-state.ts';
import { handleOf, jittered, type SyncContext } from './sync-context.ts';

export type Delivery =
  | { readonly kind: 'told'; readonly sync: SyncSeen }
  /** It was not ours any more; there is nothing left to tell. */
  | { readonly kind: 'lost'; readonly reason: string }
  /** The state file stays, and the next run tells it. */
  | { readonly kind: 'owed'; readonly why: 'refused' | 'unavailable'; readonly reason: string };

/** The service takes a host for dead after its lease, and verifies it then: nobody has to wait longer than that to be polite. */
const LONGEST_MS = 600_000;
const PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 30_000;

/** Tells the service how it ended, for as long as it takes within reason. */
export async function deliverEnd(context: SyncContext, state: SyncRunState): Promise<Delivery> {
  const deadlineMs = context.nowMs() + Math.min(LONGEST_MS, context.config.verifyMs);
  let pauseMs = PAUSE_MS;
  for (;;) {
    const reply = await tell(context, state);
    if (reply.kind === 'sync') {
      context.states.remove();
      context.report.say('ended', `${state.host}/${state.category}: ended as ${state.outcome}, ${reply.sync.state}`, {
        outcome: state.outcome,
        state: reply.sync.state,
      });
      return { kind: 'told', sync: reply.sync };
    }
    if (reply.kind === 'lost') {
      context.states.remove();
      context.report.warn('lost', `the synchronisation was not ours any more when it ended: ${reply.reason}`);
      return { kind: 'lost', reason: reply.reason };
    }
    // A signal has no patience: the state file keeps what is owed.
    const mayTry = reply.kind === 'unavailable' && !context.signals.stop.aborted && context.nowMs() + pauseMs < deadlineMs;
    if (!mayTry) {
      context.report.warn(
        'owed',
        `the service was not told that it ended as ${state.outcome}: ${reply.reason}; the next run tells it`,
      );
      return { kind: 'owed', why: reply.kind, reason: reply.reason };
    }
    await context.sleep(jittered(context, pauseMs), context.signals.stop);
    pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs);
  }
}

/** One that was killed before it knew the service's name for it asks for the name first, with the same key. */
async function tell(context: SyncContext, state: SyncRunState): Promise<SyncReply> {
  const outcome = state.outcome ?? 'aborted';
  const known = handleOf(state);
  if (known !== undefined) return context.telling.end(known, outcome);
  const reply = await context.telling.begin(state.category, state.key, state.mode, undefined);
  if (reply.kind === 'sync') return context.telling.end(reply.sync, outcome);
  return reply.kind === 'active' || reply.kind === 'held' ? { kind: 'lost', reason: reply.reason } : reply;
}
