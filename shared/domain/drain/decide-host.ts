/**
 * What a host's own calls come to. Every call but the first names the fence of its synchronisation, and one with an older fence is
 * told that it is lost, whatever it wants. Calls may come twice: a begin with the same key finds the synchronisation that it made,
 * a heartbeat again is a heartbeat, a second end changes nothing. A host whose lease ran out may go on as long as nobody judged its
 * tree: it was never listed meanwhile and still has its slots. Ending is never returning: whatever a host says of its outcome, a
 * crawl decides.
 */
import type { EpochMs } from '../inventory/inventory.ts';
import type { DrainChange } from './drain-change.ts';
import { isAway, isDrained, isOver, isUnseen, type SyncMode, type SyncOutcome, type SyncPair } from './drain-state.ts';
import { type Rival, turnOf } from './grant.ts';
import { type DrainView, takeTransition } from './take-transition.ts';
import type { TransitionName } from './transitions.ts';

export type HostCall =
  | { readonly kind: 'begin'; readonly idempotencyKey: string; readonly mode: SyncMode; readonly expectedMs: number | undefined }
  /** `destructive`: from now on files may vanish. */
  | { readonly kind: 'heartbeat'; readonly fence: number; readonly phase: 'destructive' | undefined }
  | { readonly kind: 'end'; readonly fence: number; readonly outcome: SyncOutcome };

export type HostDecision =
  /** Write this; the reply shows the pair after it. */
  | { readonly kind: 'write'; readonly change: DrainChange }
  /** Nothing to write: the pair is as it is. */
  | { readonly kind: 'as-it-is'; readonly pair: SyncPair }
  /** Another synchronisation of this pair is going on. */
  | { readonly kind: 'sync_active'; readonly pair: SyncPair }
  /** An operator keeps the host out, or it is switched off. */
  | { readonly kind: 'held'; readonly pair: SyncPair | undefined }
  /** The synchronisation that was named is no longer the host's. */
  | { readonly kind: 'lost'; readonly pair: SyncPair | undefined };

const write = (change: DrainChange): HostDecision => ({ kind: 'write', change });

/** A lease never reaches beyond the cap; the cap begins where the host leaves, or begins to add. */
const leased = ({ policy, nowMs }: DrainView, capMs: EpochMs = nowMs + policy.maximumMs) => ({
  leaseUntilMs: Math.min(nowMs + policy.leaseMs, capMs),
  capMs,
  seenMs: nowMs,
});

const queued = ({ policy, nowMs }: DrainView, ticketMs: EpochMs, reason: string) => ({
  leaseUntilMs: nowMs + policy.ticketMs,
  capMs: undefined,
  seenMs: nowMs,
  ticketMs,
  reason,
});

interface Steps {
  readonly go: TransitionName;
  readonly notListed: TransitionName;
  readonly wait: TransitionName;
}

/** Goes when it is the host's turn, and waits otherwise. */
const goOrWait = (
  view: DrainView,
  rivals: readonly Rival[],
  ticketMs: EpochMs,
  steps: Steps,
  fields: Partial<Pick<SyncPair, 'mode' | 'idempotencyKey' | 'expectedMs' | 'endedMs'>>,
): HostDecision => {
  const turn = turnOf(view.key.host, ticketMs, view.groups, rivals, view.nowMs);
  switch (turn.kind) {
    case 'go':
      return write(takeTransition(steps.go, view, { ...leased(view), reason: undefined, ...fields }));
    case 'not-listed':
      return write(takeTransition(steps.notListed, view, { ...leased(view), reason: undefined, ...fields }));
    case 'wait':
      return write(takeTransition(steps.wait, view, { ...queued(view, ticketMs, turn.reason), ...fields }));
  }
};

const begin = (view: DrainView, call: Extract<HostCall, { kind: 'begin' }>, rivals: readonly Rival[]): HostDecision => {
  const { pair, nowMs, groups, key } = view;
  if (pair !== undefined && pair.idempotencyKey === call.idempotencyKey) return { kind: 'as-it-is', pair };
  if (view.presence === 'gone' || pair?.hold !== undefined) return { kind: 'held', pair };
  const active = pair?.leaseUntilMs !== undefined && !isOver(pair, nowMs);
  if (pair !== undefined && active) return { kind: 'sync_active', pair };
  const fields = { mode: call.mode, idempotencyKey: call.idempotencyKey, expectedMs: call.expectedMs, endedMs: undefined };
  if (pair !== undefined && isAway(pair.state)) {
    return write(takeTransition('resume', view, { ...leased(view), reason: undefined, ...fields }));
  }
  const isListed = groups.length === 0 || groups.some(({ inService }) => inService.includes(key.host));
  if (call.mode === 'additive' && isListed) {
    return write(takeTransition('add', view, { ...leased(view), reason: undefined, ...fields }));
  }
  return goOrWait(
    view,
    rivals,
    nowMs,
    { go: 'drain', notListed: pair === undefined ? 'provision' : 'drain-unlisted', wait: 'queue' },
    fields,
  );
};

/** It was away all the time and has its slots still; whether it may write depends on the snapshot, as before. */
const comeBack = (view: DrainView, pair: SyncPair): HostDecision => {
  const capMs = pair.beganMs + view.policy.maximumMs;
  if (view.nowMs >= capMs) return { kind: 'lost', pair };
  const step = isUnseen(pair, view.policy.cacheBudgetMs, view.nowMs) ? 'revive' : 'drain-again';
  return write(takeTransition(step, view, { ...leased(view, capMs), endedMs: undefined, reason: undefined }));
};

const heartbeat = (view: DrainView, pair: SyncPair, phase: 'destructive' | undefined, rivals: readonly Rival[]): HostDecision => {
  const { nowMs, policy } = view;
  const past = pair.capMs !== undefined && nowMs >= pair.capMs;
  switch (pair.state) {
    case 'WAITING': {
      const steps: Steps = { go: 'turn', notListed: 'turn-unlisted', wait: 'poll' };
      return goOrWait(view, rivals, pair.ticketMs ?? nowMs, steps, {});
    }
    case 'ADDING': {
      const steps: Steps = { go: 'drain-second', notListed: 'queue-second', wait: 'queue-second' };
      if (phase === 'destructive') return goOrWait(view, rivals, nowMs, steps, {});
      return past ? { kind: 'as-it-is', pair } : write(takeTransition('renew', view, leased(view, pair.capMs)));
    }
    case 'DRAINING':
      if (past) return { kind: 'as-it-is', pair };
      return write(
        takeTransition(isDrained(pair, policy.cacheBudgetMs, nowMs) ? 'start' : 'renew', view, leased(view, pair.capMs)),
      );
    case 'SYNCING':
      return past ? { kind: 'as-it-is', pair } : write(takeTransition('renew', view, leased(view, pair.capMs)));
    case 'LAPSED':
      return comeBack(view, pair);
    case 'DISABLED':
      return { kind: 'as-it-is', pair };
    case 'IN_SERVICE':
    case 'VERIFYING':
    case 'HELD':
      return { kind: 'lost', pair };
  }
};

const end = (view: DrainView, pair: SyncPair, outcome: SyncOutcome): HostDecision => {
  const said = { endedMs: view.nowMs, reason: outcome === 'success' ? undefined : `the synchronisation ${outcome}` };
  switch (pair.state) {
    case 'WAITING':
      return write(takeTransition('withdraw', view, said));
    case 'ADDING':
      return write(takeTransition('end-added', view, said));
    case 'DRAINING':
    case 'SYNCING':
    case 'LAPSED':
      return write(takeTransition('end', view, said));
    case 'IN_SERVICE':
    case 'VERIFYING':
    case 'HELD':
    case 'DISABLED':
      return { kind: 'as-it-is', pair };
  }
};

export const decideHost = (view: DrainView, call: HostCall, rivals: readonly Rival[]): HostDecision => {
  if (call.kind === 'begin') return begin(view, call, rivals);
  const { pair } = view;
  if (pair === undefined || pair.fence !== call.fence) return { kind: 'lost', pair };
  return call.kind === 'end' ? end(view, pair, call.outcome) : heartbeat(view, pair, call.phase, rivals);
};

/** The host should stop what it does and end. */
export const shouldCancel = (pair: SyncPair, nowMs: EpochMs): boolean =>
  pair.hold !== undefined || pair.state === 'DISABLED' || (pair.capMs !== undefined && nowMs >= pair.capMs);
