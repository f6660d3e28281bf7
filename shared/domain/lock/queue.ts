/**
 * The queue of a lock: tickets in order, and when each waiter asks again. Waiters ask at half of the time that their place is
 * expected to take, so ten thousand of them cost some ten requests each and not one a minute. Fairness is advisory and safety is
 * not: a wrong queue never grants one slot twice. A slot is offered to the first who is expected to ask before the offer lapses:
 * who sleeps longer, or is late, is passed over for now and keeps its place, and who is later than that has none any more. So no
 * slot idles for a sleeper, and hardly one for the dead.
 */
import { drawFraction, hashText } from '../selection/hash.ts';
import type { ClientKind, EpochMs, LockState, Waiter } from './lock-state.ts';

/** Server clocks differ by less; nothing is taken away before its deadline is this far behind, clients count this much less. */
export const GUARD_MS = 5_000;
const SOON_MS = 20_000;
const LONGEST_MS = 4 * 3_600_000;
const JITTER_SHARE = 0.15;
/** Until the first release tells. */
const ASSUMED_HOLD_MS = 480_000;
/** A request and its repetitions take so long; who is later is offered nothing until it asks. */
const GRACE_MS = 60_000;
/** A host restarts, a network fails for so long; who is later has no place any more. Much longer, and the dead hide all behind them. */
const LATEST_MS = 600_000;
/** Clients that choose their own pace are noted as alive no oftener than this, so that polling does not write. */
export const LEGACY_TOUCH_MS = 300_000;
/** How often clients of the other protocols ask: foreman_dlm_updater 60 s, DLMEngineUpdater 10 to 60 s, Zincati 300 s and a tenth. */
export const LEGACY_PACE_MS: Readonly<Record<Exclude<ClientKind, 'native'>, number>> = {
  foreman: 60_000,
  dlmengine: 60_000,
  fleetlock: 330_000,
};
/**
 * Weight of the newest hold in the moving average. At 0.2 a few long updates in a row doubled the average, and whoever asked just
 * then was told to sleep until after its turn.
 */
const NEWEST_SHARE = 0.05;

/** When a waiter with that many others before it should ask again, with a jitter that its name and the time decide. */
export const retryAfterMs = (lock: Pick<LockState, 'slots' | 'typicalHoldMs'>, rank: number, seed: string): number => {
  const holdMs = Math.max(SOON_MS, lock.typicalHoldMs ?? ASSUMED_HOLD_MS);
  const place = rank + 1;
  const soon = place <= Math.max(2, Math.ceil((2 * lock.slots * SOON_MS) / holdMs));
  const wanted = soon ? SOON_MS : Math.min(LONGEST_MS, Math.max(SOON_MS, (0.5 * place * holdMs) / lock.slots));
  const jitter = 1 + JITTER_SHARE * (2 * drawFraction(hashText(seed), 1) - 1);
  return Math.round(wanted * jitter);
};

/** How long after its time a waiter asks, or has not asked yet; negative before that. */
const latenessMs = (waiter: Waiter, nowMs: EpochMs): number => {
  const unnoted = waiter.client === 'native' ? 0 : LEGACY_TOUCH_MS;
  return nowMs - waiter.lastSeenMs - waiter.intervalMs - unnoted;
};

/** Keeps its place. */
export const isAlive = (waiter: Waiter, nowMs: EpochMs): boolean => latenessMs(waiter, nowMs) <= LATEST_MS;

/** Will ask again, as far as one knows, before an offer made now lapses. Who is a little late is expected at any moment. */
export const isNear = (waiter: Waiter, offerMs: number, nowMs: EpochMs): boolean =>
  latenessMs(waiter, nowMs) <= GRACE_MS &&
  (waiter.intervalMs <= offerMs / 2 || waiter.lastSeenMs + waiter.intervalMs <= nowMs + offerMs);

/** Who may be offered a slot now, in order: alive, near, and without a grant. */
export const candidates = (lock: LockState, waiters: readonly Waiter[], nowMs: EpochMs): readonly Waiter[] =>
  waiters.filter(
    (waiter) =>
      isAlive(waiter, nowMs) &&
      isNear(waiter, lock.policy.offerMs, nowMs) &&
      !lock.grants.some((grant) => grant.host === waiter.host),
  );

/** How many are before that ticket, at most: beyond the window every number counts as somebody, since gaps are not known. */
export const rankOf = (window: readonly Waiter[], ticket: number, nowMs: EpochMs): number => {
  const last = window.at(-1);
  const aliveBefore = window.filter((waiter) => waiter.ticket < ticket && isAlive(waiter, nowMs)).length;
  return last === undefined || ticket <= last.ticket ? aliveBefore : aliveBefore + (ticket - last.ticket - 1);
};

export const nextTypicalHoldMs = (lock: LockState, heldMs: number): number => {
  const held = Math.max(0, heldMs);
  const before = lock.typicalHoldMs;
  return Math.round(before === undefined ? held : before + NEWEST_SHARE * (held - before));
};
