/**
 * FleetLock version 1 for Zincati: `POST /v1/pre-reboot` takes a slot, `POST /v1/steady-state` gives it back. The answer to
 * steady-state is yes whoever else holds, since an agent does nothing before it hears that; it costs one read when there is
 * nothing to give back, as every agent asks on every start.
 */
import { configFor } from '#domain/lock/first-use.ts';
import type { LockRules } from '#domain/lock/lock-rules.ts';
import type { LockName } from '#domain/lock/lock-state.ts';
import type { AcquireOutcome, LegacyReleaseOutcome } from '#domain/lock/outcomes.ts';
import { errorReply, type HttpCall, type HttpReply, jsonReply } from '#wire/api/http-call.ts';
import { FLEETLOCK_HEADER, type FleetLockKind, parseFleetLockBody } from '#wire/lock/fleetlock.ts';
import type { LegacyCall } from '../lock-calls.ts';
import type { Protocol } from '../protocol.ts';
import { callerOf, mayBe, mayUse } from './claimed-host.ts';

const refuse = (
  statusCode: number,
  kind: FleetLockKind,
  value: string,
  headers: Readonly<Record<string, string>> = {},
): HttpReply => errorReply(statusCode, kind, value, headers);

const DONE = jsonReply(200, {});

const afterAcquire = (outcome: AcquireOutcome, group: string): HttpReply => {
  switch (outcome.kind) {
    case 'granted':
      return DONE;
    case 'queued':
      return refuse(423, 'failed_lock_semaphore_full', `every slot of group ${group} is taken`);
    case 'lock_disabled':
      return refuse(423, 'lock_disabled', `group ${group} is disabled by its operator`);
    case 'lock_halted':
      return refuse(423, 'lock_halted', `updates of group ${group} failed, and an operator has not resumed it`);
    case 'unknown_lock':
      return refuse(400, 'unknown_group', `no group ${group}`);
  }
};

const afterRelease = (outcome: LegacyReleaseOutcome, group: string, known: boolean): HttpReply => {
  switch (outcome.kind) {
    case 'released':
    case 'not_held':
      return DONE;
    case 'newer_grant':
      return refuse(409, 'newer_grant', 'this request arrived before the slot was taken; ask again');
    case 'unknown_lock':
      // A group that the first reboot will make has nothing to give back yet.
      return known ? DONE : refuse(400, 'unknown_group', `no group ${group}`);
  }
};

export const lockOfGroup = (rules: LockRules, group: string): LockName =>
  rules.groups.find((mapped) => mapped.group === group)?.lock ?? `fl:${group}`;

const isPreReboot = (call: HttpCall): boolean => /\/pre-reboot\/*$/.test(call.path);

export const fleetlock: Protocol = async ({ operations, rules }, call) => {
  if (call.method !== 'POST') return refuse(405, 'method_not_allowed', 'only POST', { allow: 'POST' });
  if (call.headers[FLEETLOCK_HEADER] !== 'true') {
    return refuse(400, 'invalid_client_identity', `the header ${FLEETLOCK_HEADER}: true is missing`);
  }
  const client = parseFleetLockBody(call.body);
  if (client === undefined) {
    return refuse(400, 'invalid_client_identity', 'the body is not {"client_params":{"id":"…","group":"…"}} with usable values');
  }
  const { id, group } = client;
  const lock = lockOfGroup(rules, group);
  const caller = callerOf(rules, call, 'fleetlock');
  if (caller.kind === 'nobody') return refuse(401, 'unauthorized', 'no credential that is known here');
  if (!mayBe(caller, id)) return refuse(403, 'forbidden', 'this credential is not of the node that the body names');
  if (!mayUse(caller, lock)) return refuse(403, 'forbidden', `this credential is not good for group ${group}`);
  const host = caller.kind === 'host' ? caller.host : id;
  const asked: LegacyCall = { lock, host, client: 'fleetlock', arrivedMs: call.arrivedMs };
  if (isPreReboot(call)) return afterAcquire(await operations.legacyAcquire(asked), group);
  return afterRelease(await operations.legacyRelease(asked), group, configFor(rules, lock) !== undefined);
};
