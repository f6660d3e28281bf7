/**
 * The lock API of foreman_dlm, for foreman_dlm_updater and for people with scripts. PUT `…/lock` takes, DELETE `…/lock` gives
 * back, 412 is "not now". Who takes is who the certificate says; a name in a body is never read. It differs from the original where
 * that hurt: a lock that is disabled can be given back, and giving back what does not exist makes nothing.
 */
import { hasLapsed } from '#domain/lock/decide-acquire.ts';
import type { EpochMs, HostName, LockName, LockState } from '#domain/lock/lock-state.ts';
import type { AcquireOutcome, LegacyReleaseOutcome } from '#domain/lock/outcomes.ts';
import { type HttpReply, jsonReply } from '#wire/api/http-call.ts';
import { type ForemanLock, type ForemanLockId, foremanLockJson, parseForemanPath } from '#wire/lock/foreman.ts';
import type { Protocol, ProtocolDeps } from '../protocol.ts';
import { type Caller, callerOf, mayUse, unnamedHost } from './claimed-host.ts';
import { administer } from './foreman-admin.ts';
import { type ForemanAsked, foremanError, foremanView, notFound } from './foreman-replies.ts';

const show = async ({ operations }: ProtocolDeps, asked: ForemanAsked, lock: LockName): Promise<HttpReply> => {
  const view = await operations.inspect(lock, asked.call.arrivedMs);
  if (view.kind === 'unknown_lock') return notFound(lock);
  return jsonReply(200, foremanLockJson(foremanView(view.lock, unnamedHost(asked.caller), asked.call.arrivedMs)));
};

const notNow = (lock: LockState | undefined): HttpReply =>
  foremanError(412, 'Precondition failed. Lock is in invalid state for this operation.', lock?.id);

const afterAcquire = (outcome: AcquireOutcome, asked: ForemanAsked, name: LockName, host: HostName): HttpReply => {
  switch (outcome.kind) {
    case 'granted':
      // As over there: who holds a disabled lock is told to wait as well.
      return outcome.lock.enabled
        ? jsonReply(200, foremanLockJson(foremanView(outcome.lock, host, asked.call.arrivedMs)))
        : notNow(outcome.lock);
    case 'queued':
    case 'lock_disabled':
    case 'lock_halted':
      return notNow(outcome.lock);
    case 'unknown_lock':
      return notFound(name);
  }
};

/** A lock that does not exist, as it would be. */
const unmade = (name: LockName): ForemanLock => ({
  id: undefined,
  name,
  enabled: true,
  createdMs: undefined,
  updatedMs: undefined,
  holder: undefined,
  self: undefined,
});

/** Others hold every slot. Who is merely offered one does not hold yet. */
const isTaken = (lock: LockState, nowMs: EpochMs): boolean =>
  lock.grants.filter((grant) => grant.state !== 'offered' && !hasLapsed(grant, nowMs)).length >= lock.slots;

const afterRelease = (outcome: LegacyReleaseOutcome, asked: ForemanAsked, name: LockName, host: HostName): HttpReply => {
  const { arrivedMs } = asked.call;
  switch (outcome.kind) {
    case 'unknown_lock':
      return jsonReply(200, foremanLockJson(unmade(name)));
    case 'released':
      return jsonReply(200, foremanLockJson(foremanView(outcome.lock, host, arrivedMs)));
    case 'not_held':
      return isTaken(outcome.lock, arrivedMs)
        ? notNow(outcome.lock)
        : jsonReply(200, foremanLockJson(foremanView(outcome.lock, host, arrivedMs)));
    case 'newer_grant':
      return notNow(outcome.lock);
  }
};

const take = async (deps: ProtocolDeps, asked: ForemanAsked, lock: LockName, host: HostName): Promise<HttpReply> => {
  const { arrivedMs } = asked.call;
  // What over there is the host parameter can_acquire_update_locks.
  if (!mayUse(asked.caller, lock)) return notNow(undefined);
  return afterAcquire(await deps.operations.legacyAcquire({ lock, host, client: 'foreman', arrivedMs }), asked, lock, host);
};

const giveBack = async (deps: ProtocolDeps, asked: ForemanAsked, lock: LockName, host: HostName): Promise<HttpReply> => {
  const { arrivedMs } = asked.call;
  return afterRelease(await deps.operations.legacyRelease({ lock, host, client: 'foreman', arrivedMs }), asked, lock, host);
};

const onHold = async (deps: ProtocolDeps, asked: ForemanAsked, lock: LockName): Promise<HttpReply> => {
  const { method } = asked.call;
  if (method === 'GET') return show(deps, asked, lock);
  if (method !== 'PUT' && method !== 'DELETE') return notFound(lock);
  const host = unnamedHost(asked.caller);
  if (host === undefined) return foremanError(403, 'Only a host that shows its certificate takes a lock or gives it back.');
  return method === 'PUT' ? take(deps, asked, lock, host) : giveBack(deps, asked, lock, host);
};

/** Digits alone are a number first, and then a name. */
const nameOf = async (deps: ProtocolDeps, lock: ForemanLockId, arrivedMs: EpochMs): Promise<LockName> => {
  if (lock.id === undefined) return lock.name;
  const byNumber = await deps.operations.byId(lock.id, arrivedMs);
  return 'name' in byNumber ? byNumber.name : lock.name;
};

const foremanCaller = (deps: ProtocolDeps, call: ForemanAsked['call']): Caller => {
  const caller = callerOf(deps.rules, call, 'foreman');
  // A credential that many hosts share says nothing of which it is, and this protocol's requests do not either.
  return caller.kind === 'claimant' && caller.shared ? { kind: 'nobody' } : caller;
};

export const foreman: Protocol = async (deps, call) => {
  const asked: ForemanAsked = { call, caller: foremanCaller(deps, call) };
  const route = parseForemanPath(call.path);
  if (asked.caller.kind === 'nobody') return foremanError(401, 'Unable to authenticate user');
  if (route.kind === 'not_found') return notFound(call.path);
  if (route.kind === 'collection') return administer(deps, asked, { kind: 'collection' });
  const lock = await nameOf(deps, route.lock, call.arrivedMs);
  if (route.kind === 'hold') return onHold(deps, asked, lock);
  if (route.kind === 'lock' && call.method === 'GET') return show(deps, asked, lock);
  return administer(deps, asked, { kind: route.kind, lock });
};
