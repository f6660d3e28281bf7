/**
 * What a look at a lock finds when nobody asks for it: grants whose time is over, holders that a person should look at, and a
 * history with holes. Nothing that is held is ever taken away here: an offer that lapsed is ended, a lease some time after it lapsed (a late
 * renewal is good as long as nobody else has the slot), and whoever holds for too long is only reported.
 */
import { hasLapsed } from './decide-acquire.ts';
import { type EpochMs, type Grant, isHalted, type LockState } from './lock-state.ts';
import type { LockWrite } from './lock-write.ts';
import { GUARD_MS } from './queue.ts';

/** A lease that nobody else wants may be renewed so much later. */
const LEASE_GRACE_MS = 300_000;
/** The stream is seconds behind; an hour's delay has an alarm of its own. */
export const AUDIT_LATE_MS = 600_000;
/** Versions whose audit is looked at, at each sweep. */
export const AUDIT_WINDOW = 100;

export interface LockFindings {
  readonly lapsed: readonly Grant[];
  readonly heldTooLong: readonly Grant[];
  readonly failed: readonly Grant[];
  readonly halted: boolean;
  /** Versions without an entry in the audit. */
  readonly missing: readonly number[];
}

const missingVersions = (lock: LockState, audited: readonly number[], nowMs: EpochMs): readonly number[] => {
  const settled = (lock.last?.atMs ?? lock.createdMs) < nowMs - AUDIT_LATE_MS;
  const known = new Set(audited);
  // Of a lock that was just written to, nothing after what the stream has told is missing yet.
  const until = settled ? lock.version : Math.max(0, ...audited);
  const from = Math.max(1, lock.version - AUDIT_WINDOW + 1);
  return Array.from({ length: Math.max(0, until - from + 1) }, (_, index) => from + index).filter(
    (version) => !known.has(version),
  );
};

/** `audited` are the versions of the lock's newest entries in the audit, down to `AUDIT_WINDOW` before its present one. */
export const lookAt = (lock: LockState, audited: readonly number[], nowMs: EpochMs): LockFindings => ({
  lapsed: lock.grants.filter((grant) => hasLapsed(grant, grant.state === 'offered' ? nowMs : nowMs - LEASE_GRACE_MS)),
  heldTooLong: lock.grants.filter(({ state, grantedMs }) => state !== 'offered' && nowMs - grantedMs > lock.policy.staleMs),
  failed: lock.grants.filter(({ state, acknowledged }) => state === 'failed' && !acknowledged),
  halted: isHalted(lock),
  missing: missingVersions(lock, audited, nowMs),
});

export const endOf = ({ host, fence }: Grant, nowMs: EpochMs): LockWrite => ({
  kind: 'evict',
  host,
  fence,
  lapsedBeforeMs: nowMs - GUARD_MS,
  cause: { by: 'sweep', atMs: nowMs, requestId: undefined, reason: 'nobody confirmed or renewed it in time' },
});
