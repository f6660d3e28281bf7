import { outcome } from '../../update/workflow/outcome.ts';
import { printElapsed } from '../config/duration.ts';
import type { SyncSeen } from '../service/sync-service.ts';
import { SYNC_SCHEMA, type SyncRunState } from '../state/sync-state.ts';
import { deliverEnd } from './deliver-end.ts';
import { handleOf, jittered, type SyncContext, save, type Turn } from './sync-context.ts';

/** When the service does not say when to ask again. */
const DEFAULT_RETRY_MS = 15_000;
const LONGEST_RETRY_MS = 600_000;
const FIRST_BACKOFF_MS = 1_000;

const newState = (context: SyncContext): SyncRunState => ({
  schema: SYNC_SCHEMA,
  key: context.newId(),
  baseUrl: context.config.service.baseUrl,
  host: context.config.host,
  category: context.category,
  mode: context.config.mode,
  startedAt: context.isoNow(),
  step: 'begin',
  pass: 'first',
  starts: 0,
});

/** The key is on disk before it is used, so that a run that was killed finds the synchronisation that it began. */
export async function begin(context: SyncContext, left: SyncRunState | undefined): Promise<Turn> {
  const state = left ?? save(context, newState(context));
  const reply = await context.asking.begin(context.category, state.key, state.mode, context.config.expectedMs);
  const nothingOwed = (): void => context.states.remove();
  switch (reply.kind) {
    case 'sync': {
      const { syncId, fence, leaseMs } = reply.sync;
      const known = save(context, { ...state, step: 'wait', syncId, fence });
      context.report.say('begun', `${state.host}/${state.category}: ${reply.sync.state}`, { syncId, fence, leaseMs });
      return waitForTurn(context, known, reply.sync);
    }
    case 'active':
      nothingOwed();
      return {
        kind: 'end',
        outcome: outcome('not_granted', `${reply.reason}; if nobody is at work on it: mirrortide sync end`),
      };
    case 'held':
      nothingOwed();
      return { kind: 'end', outcome: outcome('decision_needed', `the service lets nothing begin: ${reply.reason}`) };
    case 'refused':
      nothingOwed();
      return { kind: 'end', outcome: outcome('refused', `the service refuses: ${reply.reason}`) };
    case 'unavailable':
      // Perhaps it was begun and the reply was lost: the next run asks again with the same key.
      if (context.signals.stop.aborted) return { kind: 'end', outcome: outcome('stopped', STOPPED) };
      return { kind: 'unavailable', state, reason: reply.reason };
  }
}

const STOPPED = 'asked to stop before the command was started';

const OVER: readonly string[] = ['IN_SERVICE', 'VERIFYING', 'HELD', 'DISABLED'];

interface Wait {
  readonly startedMs: number;
  readonly deadlineMs: number;
  /** Nothing keeps the place in the queue, or the slot, beyond this; on our own clock. */
  leaseEndsMs: number;
  backoffMs: number;
  /** What the service said last; undefined: ask it. */
  seen: SyncSeen | undefined;
}

/**
 * Asks until the host may go on. `seen` is what the service said last; without it, it is asked first, and may be out of reach for
 * `patienceMs`.
 */
export async function waitForTurn(
  context: SyncContext,
  state: SyncRunState,
  seen: SyncSeen | undefined,
  patienceMs = 0,
): Promise<Turn> {
  const sync = handleOf(state);
  if (sync === undefined) return begin(context, state);
  const startedMs = context.nowMs();
  const deadlineMs = startedMs + context.config.waitMs;
  const wait: Wait = {
    startedMs,
    deadlineMs,
    leaseEndsMs: seen === undefined ? startedMs + patienceMs : leaseEnd(startedMs, seen, deadlineMs),
    backoffMs: FIRST_BACKOFF_MS,
    seen,
  };
  for (;;) {
    const settled = (await settledTurn(context, state, wait.seen)) ?? (await pauseBeforeAsking(context, state, wait));
    if (settled !== undefined) return settled;
    const askedMs = context.nowMs();
    const reply = await context.asking.heartbeat(sync, state.pass === 'second');
    switch (reply.kind) {
      case 'sync':
        wait.seen = reply.sync;
        wait.leaseEndsMs = leaseEnd(askedMs, reply.sync, deadlineMs);
        wait.backoffMs = FIRST_BACKOFF_MS;
        break;
      case 'lost':
        return { kind: 'lost', state, reason: reply.reason };
      case 'refused':
        return { kind: 'end', outcome: outcome('refused', `the service refuses: ${reply.reason}`) };
      case 'unavailable': {
        const unavailable = await unreachable(context, state, wait, reply.reason);
        if (unavailable !== undefined) return unavailable;
      }
    }
  }
}

const leaseEnd = (askedMs: number, seen: SyncSeen | undefined, deadlineMs: number): number =>
  seen?.leaseMs === undefined ? deadlineMs : askedMs + seen.leaseMs;

/** Nothing is lost as long as the lease lasts; after it, it is for the policy to decide. */
async function unreachable(context: SyncContext, state: SyncRunState, wait: Wait, reason: string): Promise<Turn | undefined> {
  wait.seen = undefined;
  if (context.signals.stop.aborted) return undefined;
  if (context.nowMs() >= Math.min(wait.leaseEndsMs, wait.deadlineMs)) return { kind: 'unavailable', state, reason };
  context.report.warn('unavailable', `the service cannot be reached, asking on: ${reason}`);
  await context.sleep(jittered(context, wait.backoffMs), context.signals.stop);
  wait.backoffMs = Math.min(2 * wait.backoffMs, DEFAULT_RETRY_MS);
  return undefined;
}

/** As long as the service asked for; a turn when there is no time left. */
async function pauseBeforeAsking(context: SyncContext, state: SyncRunState, wait: Wait): Promise<Turn | undefined> {
  const pauseMs = wait.seen === undefined ? 0 : pauseBefore(context, wait.seen, wait.startedMs);
  if (context.nowMs() + pauseMs > wait.deadlineMs) return giveUp(context, state, 'not_granted', tooLong(context, wait.seen));
  await context.sleep(pauseMs, context.signals.stop);
  return context.signals.stop.aborted ? giveUp(context, state, 'stopped', STOPPED) : undefined;
}

/** undefined: there is more to wait for. */
async function settledTurn(context: SyncContext, state: SyncRunState, seen: SyncSeen | undefined): Promise<Turn | undefined> {
  if (seen === undefined) return undefined;
  if (seen.state === 'SYNCING' && !seen.cancel) return { kind: 'go', state };
  if (seen.cancel || seen.state === 'DISABLED')
    return giveUp(context, state, 'decision_needed', `the service asks to stop: ${seen.reason ?? seen.state}`);
  if (OVER.includes(seen.state)) return { kind: 'lost', state, reason: `it is ${seen.state} already` };
  return undefined;
}

/** DRAINED and LAPSED change as soon as the host is heard of. */
function pauseBefore(context: SyncContext, seen: SyncSeen, startedMs: number): number {
  if (seen.state === 'DRAINED' || seen.state === 'LAPSED') return 0;
  const { state, position, syncId, reason } = seen;
  const place = position === undefined ? '' : `, place ${position}`;
  const why = reason === undefined ? '' : `: ${reason}`;
  context.report.waiting(
    `${state}${place}`,
    () => `${state}${place}, ${printElapsed(context.nowMs() - startedMs)} so far${why}`,
    {
      state,
      position,
      syncId,
      reason,
    },
  );
  return jittered(context, Math.min(LONGEST_RETRY_MS, seen.retryAfterMs ?? DEFAULT_RETRY_MS));
}

const tooLong = (context: SyncContext, seen: SyncSeen | undefined): string =>
  `not its turn within ${printElapsed(context.config.waitMs)}${seen === undefined ? '' : ` (${seen.state}, ${seen.reason ?? 'no reason given'})`}; nothing was started`;

/** The content was not touched: the slot, or the place in the queue, goes to others. */
async function giveUp(
  context: SyncContext,
  state: SyncRunState,
  kind: 'not_granted' | 'stopped' | 'decision_needed',
  message: string,
): Promise<Turn> {
  await deliverEnd(context, save(context, { ...state, step: 'end', outcome: 'aborted' }));
  return { kind: 'end', outcome: outcome(kind, message) };
}
