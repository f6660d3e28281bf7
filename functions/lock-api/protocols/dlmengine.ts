/**
 * The lock calls of DLMEngine, versions 1 and 2, for DLMEngineUpdater and its like. A lock is there while somebody holds it:
 * POST is 201 for the holder, again too, and 400 while others hold. DELETE is 200 also when nothing is held: the client that lost
 * the reply to its first DELETE asks again, and any other answer would keep it from ever updating again. GET shows the caller
 * a grant as its own only when that holds already, since the client starts to update on reading its name there.
 */
import { hasLapsed } from '#domain/lock/decide-acquire.ts';
import type { Grant, HostName, LockName, LockState } from '#domain/lock/lock-state.ts';
import type { AcquireOutcome, LegacyReleaseOutcome } from '#domain/lock/outcomes.ts';
import { type HttpCall, type HttpReply, jsonReply } from '#wire/api/http-call.ts';
import {
  DLMENGINE_VERSIONS,
  type DlmEngineLock,
  type DlmEngineRoute,
  type DlmEngineVersion,
  parseAcquiredBy,
  parseDlmEnginePath,
  parseDlmEngineSearch,
  printDlmEngineList,
  printDlmEngineLock,
} from '#wire/lock/dlmengine.ts';
import { isHostName } from '#wire/lock/names.ts';
import type { Protocol, ProtocolDeps } from '../protocol.ts';
import { type Caller, callerOf, mayBe, mayUse, unnamedHost } from './claimed-host.ts';

/** One request, and who asks. */
interface Asked {
  readonly call: HttpCall;
  readonly caller: Caller;
}

type LockRoute = Extract<DlmEngineRoute, { kind: 'lock' }>;
type ListRoute = Extract<DlmEngineRoute, { kind: 'list' }>;

const refuse = (statusCode: number, detail: string, headers?: Readonly<Record<string, string>>): HttpReply =>
  jsonReply(statusCode, { detail }, headers);

const MISSING = refuse(404, 'Resource not found');
const DELETED = jsonReply(200, {});
const FORBIDDEN = refuse(403, 'this credential is not good for that');

/**
 * Who holds for a caller that goes by `name`. Clients of one shared credential give no name when they release, so the address
 * that they came from is part of who they are.
 */
const holderOf = (caller: Caller, name: string): HostName | undefined => {
  if (caller.kind === 'host') return caller.host;
  const address = unnamedHost(caller);
  const host = address === undefined ? name : `${name}@${address}`;
  return isHostName(host) ? host : undefined;
};

const isOwn = (caller: Caller, grant: Grant): boolean => {
  if (caller.kind === 'host') return caller.host === grant.host;
  const address = unnamedHost(caller);
  return address !== undefined && grant.host.endsWith(`@${address}`);
};

/** The holder's name as it wrote it; an offer was made to whoever waits, who is known by the whole of it. */
const nameOf = (grant: Grant): string =>
  grant.claimed ?? (grant.client === 'dlmengine' ? grant.host.replace(/@(?:[0-9.]+|[0-9a-f:]+:[0-9a-f:.]*)$/i, '') : grant.host);

const printed = (id: string, grant: Grant): DlmEngineLock => ({ id, acquiredBy: nameOf(grant), acquiredMs: grant.grantedMs });

/** The grant that the caller is shown: its own if it holds; not one that it has yet to ask for, nor one that may end at any moment. */
const shownGrant = (caller: Caller, lock: LockState, nowMs: number): Grant | undefined => {
  const holding = lock.grants.filter((grant) => !hasLapsed(grant, nowMs));
  const own = holding.find((grant) => isOwn(caller, grant));
  if (own === undefined) return holding[0];
  return own.state === 'offered' || own.deadlineMs !== undefined ? undefined : own;
};

const show = async ({ operations }: ProtocolDeps, { call, caller }: Asked, route: LockRoute): Promise<HttpReply> => {
  const view = await operations.inspect(route.lock, call.arrivedMs);
  const shown = view.kind === 'lock' ? shownGrant(caller, view.lock, call.arrivedMs) : undefined;
  const { arrivedMs } = call;
  const grant =
    shown !== undefined && isOwn(caller, shown)
      ? await operations.legacyAffirm({ lock: route.lock, host: shown.host, client: 'dlmengine', arrivedMs })
      : shown;
  return grant === undefined ? MISSING : jsonReply(200, printDlmEngineLock(route.version, printed(route.id, grant)));
};

const afterAcquire = (outcome: AcquireOutcome, route: LockRoute): HttpReply => {
  switch (outcome.kind) {
    case 'granted':
      return jsonReply(201, printDlmEngineLock(route.version, printed(route.id, outcome.grant)));
    case 'queued':
      return refuse(400, 'Duplicate Resource');
    case 'lock_disabled':
      return refuse(423, 'the lock is disabled by its operator');
    case 'lock_halted':
      return refuse(423, 'updates failed, and an operator has not resumed the lock');
    case 'unknown_lock':
      return refuse(403, 'no such lock, and none of that name is made by asking');
  }
};

const invalid = (version: DlmEngineVersion): HttpReply => {
  const loc = version === 1 ? ['body', 'data', 'acquired_by'] : ['body', 'acquired_by'];
  const detail = [{ loc, msg: 'a host name is required', type: 'value_error' }];
  return jsonReply(422, { detail });
};

const acquire = async ({ operations }: ProtocolDeps, { call, caller }: Asked, route: LockRoute): Promise<HttpReply> => {
  const { arrivedMs } = call;
  const name = parseAcquiredBy(route.version, call.body);
  if (name === undefined) return invalid(route.version);
  const host = holderOf(caller, name);
  if (host === undefined) return invalid(route.version);
  if (!mayUse(caller, route.lock) || !mayBe(caller, name)) return FORBIDDEN;
  const claimed = name === host ? undefined : name;
  const asked = { lock: route.lock, host, claimed, client: 'dlmengine', arrivedMs } as const;
  return afterAcquire(await operations.legacyAcquire(asked), route);
};

const afterRelease = (outcome: LegacyReleaseOutcome): HttpReply => {
  switch (outcome.kind) {
    case 'released':
    case 'not_held':
    case 'unknown_lock':
      return DELETED;
    case 'newer_grant':
      return refuse(409, 'this request arrived before the lock was taken; ask again');
  }
};

/** The grants that a release of a shared credential can mean: by the name it gives, else by where it comes from. */
const meant = async ({ operations }: ProtocolDeps, { call, caller }: Asked, route: LockRoute): Promise<readonly HostName[]> => {
  if (caller.kind === 'host') return [caller.host];
  const view = await operations.inspect(route.lock, call.arrivedMs);
  if (view.kind !== 'lock') return [];
  const name = parseAcquiredBy(route.version, call.body);
  return view.lock.grants
    .filter((grant) => grant.client === 'dlmengine' && grant.state !== 'offered')
    .filter((grant) => mayBe(caller, nameOf(grant)))
    .filter((grant) => (name === undefined ? isOwn(caller, grant) : nameOf(grant) === name))
    .map((grant) => grant.host);
};

/** Nobody else may give away what another holds; whoever runs the fleet may, and the audit says so. */
const releaseByOperator = async (
  { operations }: ProtocolDeps,
  asked: Asked,
  operator: string,
  lock: LockName,
): Promise<HttpReply> => {
  const { arrivedMs } = asked.call;
  const view = await operations.inspect(lock, arrivedMs);
  for (const { host, fence } of view.kind === 'lock' ? view.lock.grants : []) {
    await operations.forceRelease({ lock, host, fence, operator, arrivedMs, reason: 'deleted through the API of DLMEngine' });
  }
  return DELETED;
};

const release = async (deps: ProtocolDeps, asked: Asked, route: LockRoute): Promise<HttpReply> => {
  const { call, caller } = asked;
  if (caller.kind === 'operator') return releaseByOperator(deps, asked, caller.name, route.lock);
  const [host, ...others] = await meant(deps, asked, route);
  if (host === undefined) return DELETED;
  if (others.length > 0) return refuse(409, 'several hosts of this credential hold from this address; give each host its own');
  const { arrivedMs } = call;
  return afterRelease(await deps.operations.legacyRelease({ lock: route.lock, host, client: 'dlmengine', arrivedMs }));
};

const list = async ({ operations }: ProtocolDeps, { call }: Asked, route: ListRoute): Promise<HttpReply> => {
  const search = parseDlmEngineSearch(call.query);
  const idOf = (lock: LockName): string | undefined =>
    lock.startsWith(route.namespace) ? lock.slice(route.namespace.length) : undefined;
  const found = (await operations.list(call.arrivedMs)).flatMap((lock) => {
    const id = idOf(lock.name);
    const grant = lock.grants.find((one) => !hasLapsed(one, call.arrivedMs));
    return id === undefined || grant === undefined || !search.matches(id) ? [] : [printed(id, grant)];
  });
  const sorted = found.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const ordered = search.descending ? sorted.toReversed() : sorted;
  const first = search.page * search.limit;
  return jsonReply(200, printDlmEngineList(route.version, ordered.slice(first, first + search.limit), ordered.length));
};

const onLock = async (deps: ProtocolDeps, asked: Asked, route: LockRoute): Promise<HttpReply> => {
  switch (asked.call.method) {
    case 'GET':
    case 'HEAD':
      return show(deps, asked, route);
    case 'POST':
      return acquire(deps, asked, route);
    case 'DELETE':
      return release(deps, asked, route);
    default:
      return refuse(405, 'Method Not Allowed', { allow: 'GET, POST, DELETE' });
  }
};

/** Version 1 searches by POST as well. */
const isRead = ({ method, path }: HttpCall): boolean =>
  method === 'GET' || method === 'HEAD' || (method === 'POST' && /\/_search\/*$/.test(path));

/** Everything under the prefix /dlmengine. */
export const dlmengine: Protocol = async (deps, call) => {
  const route = parseDlmEnginePath(call.path);
  if (route.kind === 'not_found') return MISSING;
  if (route.kind !== 'lock' && !isRead(call)) return refuse(405, 'Method Not Allowed', { allow: 'GET' });
  if (route.kind === 'versions') return jsonReply(200, DLMENGINE_VERSIONS);
  const caller = callerOf(deps.rules, call, 'dlmengine');
  if (caller.kind === 'nobody') return refuse(401, 'no credential that is known here');
  return route.kind === 'lock' ? onLock(deps, { call, caller }, route) : list(deps, { call, caller }, route);
};
