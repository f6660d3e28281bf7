/**
 * What happens to a pair without its host's doing: time passes, an operator holds or releases it, somebody switches the host off,
 * a publisher has or has not taken it out of the answers, a crawl has judged its tree. `undefined` means that nothing is to be
 * written. Whoever decided from an earlier state of the pair finds here that it is not the same story any more: the fence is another,
 * or the publisher had to list the host in between.
 */
import type { EpochMs } from '../inventory/inventory.ts';
import type { DrainChange } from './drain-change.ts';
import { type Baseline, isAway, isOver, type SyncPair } from './drain-state.ts';
import { type DrainView, takeTransition } from './take-transition.ts';
import type { Verdict } from './verify.ts';

type MaybeChange = DrainChange | undefined;

const SWITCHED_OFF = 'the host is switched off, or no longer carries the category';

const switchOff = (view: DrainView, { state }: SyncPair): MaybeChange => {
  const why = { reason: SWITCHED_OFF };
  switch (state) {
    case 'IN_SERVICE':
    case 'DISABLED':
      return undefined;
    case 'WAITING':
      return takeTransition('withdraw', view, why);
    case 'ADDING':
      return takeTransition('end-added', view, why);
    case 'DRAINING':
    case 'SYNCING':
    case 'VERIFYING':
    case 'LAPSED':
    case 'HELD':
      return takeTransition('disable', view, why);
  }
};

const timeIsOver = (view: DrainView, pair: SyncPair): MaybeChange => {
  const why = { reason: `no heartbeat for ${Math.round((view.nowMs - pair.seenMs) / 1000)} s`, endedMs: view.nowMs };
  switch (pair.state) {
    case 'WAITING':
      return takeTransition('expire', view, why);
    case 'ADDING':
      return takeTransition('lapse-added', view, why);
    case 'DRAINING':
    case 'SYNCING':
      return takeTransition('lapse', view, why);
    default:
      return undefined;
  }
};

/** Nobody looks at a host that its owner switched off, so it would be judged never, and keep its slots. */
const isAtRest = ({ state }: SyncPair): boolean => state === 'VERIFYING' || state === 'LAPSED' || state === 'HELD';

/** What the clock and the switches make of a pair. */
export const decideSweep = (view: DrainView): MaybeChange => {
  const { pair, policy, nowMs, presence } = view;
  if (pair === undefined) return undefined;
  if (presence === 'gone' || (presence === 'off' && isAtRest(pair))) return switchOff(view, pair);
  if (pair.state === 'DISABLED') {
    return presence === 'on' ? takeTransition('enable', view, { endedMs: nowMs, reason: undefined }) : undefined;
  }
  if (isOver(pair, nowMs)) return timeIsOver(view, pair);
  const frees = pair.state === 'HELD' && pair.groups.length > 0 && policy.onFailure === 'free-slot';
  return frees ? takeTransition('free', view) : undefined;
};

/** Out of service at once, whatever remains in its groups. A synchronisation that goes on is told to cancel. */
export const decideHold = (view: DrainView, operator: string, reason: string): MaybeChange => {
  const { pair, nowMs } = view;
  const hold = { by: operator, reason, atMs: nowMs };
  if (pair !== undefined && isAway(pair.state)) return takeTransition('mark-held', view, { hold });
  return takeTransition('hold', view, { hold, endedMs: nowMs, reason });
};

export const decideRelease = (view: DrainView, reason: string): MaybeChange => {
  const { pair, nowMs } = view;
  if (pair?.state === 'HELD') return takeTransition('release', view, { hold: undefined, endedMs: nowMs, reason });
  return pair?.hold === undefined ? undefined : takeTransition('unmark-held', view, { hold: undefined, reason });
};

/** As the one who published, or checked, read it. */
export interface SeenPair {
  readonly fence: number;
  readonly retractions: number;
}

/** A snapshot was published that leaves the host out; its state was read when the pair was as `seen`. */
export const decideConfirm = (view: DrainView, seen: SeenPair, baseline: Baseline | undefined): MaybeChange => {
  const { pair, nowMs } = view;
  if (pair === undefined || !isAway(pair.state) || pair.publishedMs !== undefined) return undefined;
  if (pair.fence !== seen.fence || pair.retractions !== seen.retractions) return undefined;
  // Only a tree that nobody writes to says what the host held.
  const held = pair.state === 'DRAINING' && pair.served ? (pair.baseline ?? baseline) : pair.baseline;
  return takeTransition('confirm', view, { publishedMs: nowMs, baseline: held });
};

/** A snapshot that lists the host is about to be published: nobody may rely on the ones before. */
export const decideRetract = (view: DrainView, seen: SeenPair): MaybeChange => {
  const { pair } = view;
  if (pair === undefined || !isAway(pair.state) || pair.fence !== seen.fence) return undefined;
  return takeTransition('retract', view, { publishedMs: undefined, retractions: pair.retractions + 1 });
};

/** Whether a check of the host may judge it; `startedMs` is when the check began. */
export const mayJudge = (pair: SyncPair | undefined, startedMs: EpochMs): pair is SyncPair =>
  pair !== undefined && isAtRest(pair) && pair.endedMs !== undefined && startedMs > pair.endedMs;

/** A crawl that began at `startedMs`, while the fence was `fence`, came to this verdict. */
export const decideSettle = (view: DrainView, fence: number, startedMs: EpochMs, verdict: Verdict): MaybeChange => {
  const { pair } = view;
  if (!mayJudge(pair, startedMs) || pair.fence !== fence || verdict.kind === 'undecided') return undefined;
  if (verdict.kind === 'failed') {
    return pair.state === 'HELD' ? undefined : takeTransition('fail', view, { reason: verdict.reason });
  }
  if (pair.hold === undefined) return takeTransition('return', view, { reason: undefined });
  return pair.state === 'HELD' ? undefined : takeTransition('keep-out', view, { reason: pair.hold.reason });
};
