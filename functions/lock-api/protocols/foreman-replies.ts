import { hasLapsed } from '#domain/lock/decide-acquire.ts';
import type { EpochMs, HostName, LockState } from '#domain/lock/lock-state.ts';
import { type HttpCall, type HttpReply, jsonReply } from '#wire/api/http-call.ts';
import type { ForemanLock } from '#wire/lock/foreman.ts';
import type { Caller } from './claimed-host.ts';

/** One request, and who asks. */
export interface ForemanAsked {
  readonly call: HttpCall;
  readonly caller: Caller;
}

export const foremanError = (statusCode: number, message: string, id?: number): HttpReply =>
  jsonReply(statusCode, { error: { ...(id === undefined ? {} : { id }), message } });

export const notFound = (lock: string): HttpReply => foremanError(404, `Resource dlmlock not found by id '${lock}'`);

/** A lock with one holder, as they know no others: the host that asks, if it holds, else the first that does. */
export const foremanView = (lock: LockState, asker: HostName | undefined, nowMs: EpochMs): ForemanLock => {
  const holding = lock.grants.filter((grant) => grant.state !== 'offered' && !hasLapsed(grant, nowMs));
  const holder = (holding.find(({ host }) => host === asker) ?? holding[0])?.host;
  return {
    id: lock.id,
    name: lock.name,
    enabled: lock.enabled,
    createdMs: lock.createdMs,
    updatedMs: lock.last?.atMs ?? lock.createdMs,
    holder,
    self: asker === undefined ? undefined : holder === asker,
  };
};
