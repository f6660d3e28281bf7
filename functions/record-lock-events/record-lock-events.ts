import { type LockChange, type LockSignal, traceOf } from '#domain/lock/lock-change.ts';
import type { LockAudit } from '#ports/lock-audit.ts';
import type { Log } from '#ports/log.ts';

export interface RecordLockEventsDeps {
  readonly audit: LockAudit;
  readonly log: Log;
}

export type RecordOutcome =
  /** Not about a lock: a waiter, an entry of the audit. */
  { readonly kind: 'passed' } | { readonly kind: 'recorded' | 'known' | 'unexplained'; readonly signals: readonly LockSignal[] };

/**
 * Turns one change of a lock into its entry in the audit and into what its hosts now hold. Killed anywhere and run again, it
 * writes the same: an entry once, and never an older version over a newer one.
 */
export const recordLockEvents = async (deps: RecordLockEventsDeps, change: LockChange | undefined): Promise<RecordOutcome> => {
  if (change === undefined) return { kind: 'passed' };
  const { event, holds, drops, signals } = traceOf(change);
  const lock = (change.after ?? change.before)?.name ?? '';
  const version = change.after?.version ?? (change.before?.version ?? 0) + 1;
  const kind = event === undefined ? 'unexplained' : await deps.audit.record(event);
  for (const host of drops) await deps.audit.drop(host, lock, version);
  for (const { host, held } of holds) await deps.audit.hold(host, held, version);
  if (signals.length > 0) deps.log.warn('lock needs a look', { lock, version, signals, event });
  return { kind, signals };
};
