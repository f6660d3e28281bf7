import type { EpochMs, Fence, Grant, HostName, LockConfig, LockName, LockState } from '#domain/lock/lock-state.ts';
import type {
  AcquireOutcome,
  ConfigureOutcome,
  ConfirmOutcome,
  FailOutcome,
  ForceReleaseOutcome,
  HostLock,
  LegacyReleaseOutcome,
  LockEvent,
  LockView,
  ReleaseOutcome,
  RemoveOutcome,
  RenewOutcome,
  ResumeOutcome,
  UnknownLock,
} from '#domain/lock/outcomes.ts';
import { acquireSlot } from './acquire-slot.ts';
import { affirmGrant, confirmGrant, failGrant, renewGrant } from './hold-grant.ts';
import type { AcquireCall, FencedCall, LegacyCall, OperatorCall } from './lock-calls.ts';
import { type LockDeps, timeLeft } from './lock-deps.ts';
import { configureLock, forceRelease, removeLock, removeWaiter, resumeLock } from './operate-lock.ts';
import { releaseGrant } from './release-grant.ts';

export type { AcquireCall, FencedCall, LegacyCall, LockCall, OperatorCall } from './lock-calls.ts';
export type { LockDeps, RulesSource } from './lock-deps.ts';

/** Waiters shown with a lock. */
const SHOWN_WAITERS = 100;

/**
 * Everything that can be done to a lock; the native routes and the other protocols are made of these. Every operation may be
 * repeated at any time and by anybody who lost a reply. Throws Fault when the table does not answer in time (503), nothing else.
 */
export interface LockOperations {
  acquire(call: AcquireCall): Promise<AcquireOutcome>;
  confirm(call: FencedCall): Promise<ConfirmOutcome>;
  renew(call: FencedCall): Promise<RenewOutcome>;
  release(call: FencedCall): Promise<ReleaseOutcome>;
  fail(call: FencedCall): Promise<FailOutcome>;
  /** Grants directly to `held`; the holder gets its own grant again. `granted`'s grant is never an offer. */
  legacyAcquire(call: LegacyCall): Promise<AcquireOutcome>;
  /** What the host holds, dated by this call; undefined when it holds nothing. A read that a client takes for leave to go on. */
  legacyAffirm(call: LegacyCall): Promise<Grant | undefined>;
  /** Releases whatever the host holds, unless that was granted, or asked for, after the release arrived. Reads only when nothing is held. */
  legacyRelease(call: LegacyCall): Promise<LegacyReleaseOutcome>;
  inspect(lock: LockName, arrivedMs: EpochMs): Promise<LockView | UnknownLock>;
  list(arrivedMs: EpochMs): Promise<readonly LockState[]>;
  history(lock: LockName, afterVersion: number, limit: number, arrivedMs: EpochMs): Promise<readonly LockEvent[]>;
  hostLocks(host: HostName, arrivedMs: EpochMs): Promise<readonly HostLock[]>;
  /** The lock with that number, for protocols that number them. */
  byId(id: number, arrivedMs: EpochMs): Promise<LockState | UnknownLock>;
  forceRelease(call: OperatorCall & { readonly host: HostName; readonly fence: Fence }): Promise<ForceReleaseOutcome>;
  resume(call: OperatorCall): Promise<ResumeOutcome>;
  /** `version` undefined: creates the lock when it is not there, else changes whatever version there is. */
  configure(
    call: OperatorCall & { readonly version: number | undefined; readonly change: Partial<LockConfig> },
  ): Promise<ConfigureOutcome>;
  /** Only a lock that nobody holds; its fence is kept. */
  remove(call: OperatorCall): Promise<RemoveOutcome>;
  removeWaiter(
    call: OperatorCall & { readonly host: HostName },
  ): Promise<UnknownLock | { readonly kind: 'removed' | 'not_waiting' }>;
}

const viewsOf = (deps: LockDeps): Pick<LockOperations, 'inspect' | 'list' | 'history' | 'hostLocks' | 'byId'> => {
  const present = async (lock: LockName, arrivedMs: EpochMs): Promise<LockState | undefined> => {
    const state = await deps.store.read(lock, timeLeft(deps, arrivedMs));
    return state === undefined || state.removed ? undefined : state;
  };
  return {
    inspect: async (name, arrivedMs) => {
      const lock = await present(name, arrivedMs);
      if (lock === undefined) return { kind: 'unknown_lock' };
      const waiters = await deps.store.waiters(name, SHOWN_WAITERS + 1, timeLeft(deps, arrivedMs));
      return { kind: 'lock', lock, waiters: waiters.slice(0, SHOWN_WAITERS), more: waiters.length > SHOWN_WAITERS };
    },
    list: (arrivedMs) => deps.store.list(timeLeft(deps, arrivedMs)),
    history: (lock, afterVersion, limit, arrivedMs) => deps.store.events(lock, afterVersion, limit, timeLeft(deps, arrivedMs)),
    hostLocks: (host, arrivedMs) => deps.store.hostLocks(host, timeLeft(deps, arrivedMs)),
    byId: async (id, arrivedMs) => {
      const name = await deps.store.nameOf(id, timeLeft(deps, arrivedMs));
      const lock = name === undefined ? undefined : await present(name, arrivedMs);
      // A number may have been taken for a lock that somebody else made first, under another number.
      return lock?.id === id ? lock : { kind: 'unknown_lock' };
    },
  };
};

export const lockOperations = (deps: LockDeps): LockOperations => ({
  acquire: (call) => acquireSlot(deps, { ...call, client: 'native', claimed: undefined, queueing: true }),
  legacyAcquire: ({ noQueue = false, claimed, ...call }) =>
    acquireSlot(deps, { ...call, requestId: deps.newId(), claimed, queueing: !noQueue }),
  legacyAffirm: (call) => affirmGrant(deps, call),
  confirm: (call) => confirmGrant(deps, call),
  renew: (call) => renewGrant(deps, call),
  fail: (call) => failGrant(deps, call),
  release: async (call) => {
    const outcome = await releaseGrant(deps, call);
    return outcome.kind === 'newer_grant' ? { kind: 'not_held', lock: outcome.lock } : outcome;
  },
  legacyRelease: (call) => releaseGrant(deps, { ...call, fence: undefined }),
  ...viewsOf(deps),
  forceRelease: (call) => forceRelease(deps, call),
  resume: (call) => resumeLock(deps, call),
  configure: (call) => configureLock(deps, call),
  remove: (call) => removeLock(deps, call),
  removeWaiter: (call) => removeWaiter(deps, call),
});
