import type { LockState } from '#domain/lock/lock-state.ts';
import { AUDIT_WINDOW, endOf, type LockFindings, lookAt } from '#domain/lock/sweep.ts';
import type { Clock } from '#ports/clock.ts';
import type { LockStore } from '#ports/lock-store.ts';
import type { Log } from '#ports/log.ts';

export interface SweepLocksDeps {
  readonly store: Pick<LockStore, 'list' | 'events' | 'write'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Grants, or locks, that were found in each condition. */
export interface SweepOutcome {
  readonly kind: 'swept';
  readonly locks: number;
  readonly ended: number;
  readonly heldTooLong: number;
  readonly failed: number;
  readonly halted: number;
  readonly auditGaps: number;
}

/** Per call to the table; a sweep that ends early is made up for by the next. */
const WITHIN = { withinMs: 5_000 };

const report = (log: Log, lock: LockState, { heldTooLong, failed, halted, missing }: LockFindings): void => {
  for (const { host, fence, grantedMs, client } of heldTooLong) {
    log.warn('held for too long', { lock: lock.name, host, fence, since: grantedMs, client, owner: lock.owner });
  }
  for (const { host, fence } of failed) log.warn('held by a host whose update failed', { lock: lock.name, host, fence });
  if (halted) log.warn('halted', { lock: lock.name, failures: lock.failures, failureBudget: lock.failureBudget });
  if (missing.length > 0) log.error('history has holes', { lock: lock.name, versions: missing });
};

const sweep = async (deps: SweepLocksDeps, lock: LockState): Promise<LockFindings> => {
  const events = await deps.store.events(lock.name, Math.max(0, lock.version - AUDIT_WINDOW), AUDIT_WINDOW, WITHIN);
  const nowMs = deps.clock.now();
  const findings = lookAt(
    lock,
    events.map(({ version }) => version),
    nowMs,
  );
  report(deps.log, lock, findings);
  // A refusal means that somebody confirmed or took it over in the meantime, which is as good.
  for (const grant of findings.lapsed) await deps.store.write(lock.name, endOf(grant, nowMs), WITHIN);
  return findings;
};

/**
 * Looks at every lock: ends what lapsed and nobody asked for since, and counts what people should look at. Safety needs none of
 * it; it is for locks that nobody polls, and for the alarms.
 */
export const sweepLocks = async (deps: SweepLocksDeps): Promise<SweepOutcome> => {
  const locks = await deps.store.list(WITHIN);
  const found: LockFindings[] = [];
  for (const lock of locks) found.push(await sweep(deps, lock));
  const sum = (count: (findings: LockFindings) => number): number => found.reduce((total, one) => total + count(one), 0);
  return {
    kind: 'swept',
    locks: locks.length,
    ended: sum(({ lapsed }) => lapsed.length),
    heldTooLong: sum(({ heldTooLong }) => heldTooLong.length),
    failed: sum(({ failed }) => failed.length),
    halted: sum(({ halted }) => Number(halted)),
    auditGaps: sum(({ missing }) => missing.length),
  };
};
