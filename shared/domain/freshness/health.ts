/**
 * Health of one protocol of one host in one category, with hysteresis. One failure proves nothing: a protocol goes down at the
 * second failure in a row, seen at another time, so that one lost packet or one redelivered message cannot condemn it
 * (mirrorbits flips at every probe; MirrorManager2 lists a dead mirror until its fourth failed crawl, and one time-out there
 * drops every category). One success whose content was verified brings it up again. A protocol that was never seen to work is
 * unknown and is not offered, and so is one whose last success is too old.
 */
import type { Evidence, Protocol, ProtocolHealth } from '../crawl/observation.ts';
import type { EpochMs } from '../inventory/inventory.ts';
import { withinAge } from './fact-age.ts';

/** `unknown`: nothing was learned, for instance because the mirror asked us to come later. */
export interface ProbeOutcome {
  readonly protocol: Protocol;
  readonly kind: 'ok' | 'failed' | 'unknown';
  readonly evidence: Evidence;
}

const FAILURES_UNTIL_DOWN = 2;
/** Counters stop here; nothing reads them above it, and equal states stay equal. */
const COUNT_LIMIT = 1000;

/**
 * Evidence keeps the time since when the same thing is seen. So it changes only when the story does, and what is published
 * from it does not change with every check.
 */
const kept = (before: Evidence, seen: Evidence): Evidence =>
  before.text === seen.text && before.url === seen.url ? before : seen;

const first = (outcome: ProbeOutcome): ProtocolHealth => {
  const ok = outcome.kind === 'ok';
  return {
    protocol: outcome.protocol,
    state: ok ? 'ok' : 'unknown',
    sinceMs: outcome.evidence.atMs,
    consecutiveFailures: outcome.kind === 'failed' ? 1 : 0,
    consecutiveSuccesses: ok ? 1 : 0,
    lastOkMs: ok ? outcome.evidence.atMs : undefined,
    evidence: outcome.evidence,
  };
};

const succeeded = (before: ProtocolHealth, seen: Evidence): ProtocolHealth => ({
  protocol: before.protocol,
  state: 'ok',
  sinceMs: before.state === 'ok' ? before.sinceMs : seen.atMs,
  consecutiveFailures: 0,
  consecutiveSuccesses: Math.min(before.consecutiveSuccesses + 1, COUNT_LIMIT),
  lastOkMs: seen.atMs,
  evidence: before.consecutiveSuccesses > 0 ? kept(before.evidence, seen) : seen,
});

const failed = (before: ProtocolHealth, seen: Evidence, apartMs: number): ProtocolHealth => {
  // Only the first failure's time matters, and `kept` never moves it before the second one counts.
  if (before.consecutiveFailures === 1 && seen.atMs - before.evidence.atMs < apartMs) return before;
  const consecutiveFailures = Math.min(before.consecutiveFailures + 1, COUNT_LIMIT);
  const down = consecutiveFailures >= FAILURES_UNTIL_DOWN;
  return {
    protocol: before.protocol,
    state: down ? 'down' : before.state,
    sinceMs: down && before.state !== 'down' ? seen.atMs : before.sinceMs,
    consecutiveFailures,
    consecutiveSuccesses: 0,
    lastOkMs: before.lastOkMs,
    evidence: before.consecutiveFailures > 0 ? kept(before.evidence, seen) : seen,
  };
};

/** `apartMs`: failures closer together than this count as one. */
export const nextHealth = (before: ProtocolHealth | undefined, outcome: ProbeOutcome, apartMs: number): ProtocolHealth => {
  if (before === undefined) return first(outcome);
  switch (outcome.kind) {
    case 'ok':
      return succeeded(before, outcome.evidence);
    case 'failed':
      return failed(before, outcome.evidence, apartMs);
    case 'unknown':
      return before;
  }
};

/** Whether clients may be sent there. */
export const isServing = (health: ProtocolHealth, maximumAgeMs: number, nowMs: EpochMs): boolean =>
  health.state === 'ok' && withinAge(health.lastOkMs, maximumAgeMs, nowMs);

/** Failed once since it last worked: worth another look soon. */
export const isSuspect = (health: ProtocolHealth): boolean =>
  health.state !== 'down' && health.consecutiveFailures > 0 && health.consecutiveFailures < FAILURES_UNTIL_DOWN;
