/**
 * What people do with locks through the API of foreman_dlm: list, make, enable, disable, take away, delete, read the events. Only
 * operators may; each change is in the audit under their names.
 */
import type { LockName, LockState } from '#domain/lock/lock-state.ts';
import type { LockEvent } from '#domain/lock/outcomes.ts';
import { type HttpReply, jsonReply } from '#wire/api/http-call.ts';
import {
  type ForemanEvent,
  foremanLockJson,
  parseForemanChange,
  parseForemanPage,
  printForemanEvents,
  printForemanList,
} from '#wire/lock/foreman.ts';
import type { ProtocolDeps } from '../protocol.ts';
import { type ForemanAsked, foremanError, foremanView, notFound } from './foreman-replies.ts';

export type AdminRoute = { readonly kind: 'collection' } | { readonly kind: 'lock' | 'events'; readonly lock: LockName };

interface Operated {
  readonly deps: ProtocolDeps;
  readonly asked: ForemanAsked;
  readonly operator: string;
}

const MOST_EVENTS = 1_000;
const REASON = 'through the API of Foreman';

const shown = (lock: LockState, { asked }: Operated, statusCode = 200): HttpReply =>
  jsonReply(statusCode, foremanLockJson(foremanView(lock, undefined, asked.call.arrivedMs)));

const list = async ({ deps, asked }: Operated): Promise<HttpReply> => {
  const { arrivedMs, query } = asked.call;
  const locks = await deps.operations.list(arrivedMs);
  const views = locks.map((lock) => foremanView(lock, undefined, arrivedMs));
  return jsonReply(200, printForemanList(views, parseForemanPage(query)));
};

const make = async (operated: Operated): Promise<HttpReply> => {
  const { deps, asked, operator } = operated;
  const { arrivedMs, body } = asked.call;
  const change = parseForemanChange(body);
  if (change?.name === undefined) return foremanError(422, 'dlmlock: a usable name is required');
  const lock = change.name;
  const view = await deps.operations.inspect(lock, arrivedMs);
  if (view.kind === 'lock') return foremanError(422, 'Name has already been taken', view.lock.id);
  const wanted = change.enabled === undefined ? {} : { enabled: change.enabled };
  const outcome = await deps.operations.configure({
    lock,
    operator,
    arrivedMs,
    version: undefined,
    change: wanted,
    reason: REASON,
  });
  return outcome.kind === 'configured' ? shown(outcome.lock, operated, 201) : foremanError(409, 'the lock changed meanwhile');
};

/** Takes the lock from whoever has it. */
const setFree = async ({ deps, asked, operator }: Operated, lock: LockState): Promise<void> => {
  const { arrivedMs } = asked.call;
  for (const { host, fence } of lock.grants) {
    await deps.operations.forceRelease({ lock: lock.name, host, fence, operator, arrivedMs, reason: REASON });
  }
};

const change = async (operated: Operated, lock: LockName): Promise<HttpReply> => {
  const { deps, asked, operator } = operated;
  const { arrivedMs, body } = asked.call;
  const wanted = parseForemanChange(body);
  if (wanted === undefined) return foremanError(422, 'dlmlock: not a change that is understood');
  if (wanted.name !== undefined && wanted.name !== lock) return foremanError(422, 'a lock keeps its name');
  if (wanted.holder === 'somebody') return foremanError(422, 'host_id can be set to null only: a host takes a lock itself');
  const view = await deps.operations.inspect(lock, arrivedMs);
  if (view.kind === 'unknown_lock') return notFound(lock);
  if (wanted.enabled !== undefined) {
    const enabled = { enabled: wanted.enabled };
    await deps.operations.configure({ lock, operator, arrivedMs, version: undefined, change: enabled, reason: REASON });
  }
  if (wanted.holder === 'nobody') await setFree(operated, view.lock);
  const after = await deps.operations.inspect(lock, arrivedMs);
  return after.kind === 'lock' ? shown(after.lock, operated) : notFound(lock);
};

const remove = async (operated: Operated, lock: LockName): Promise<HttpReply> => {
  const { deps, asked, operator } = operated;
  const { arrivedMs } = asked.call;
  const view = await deps.operations.inspect(lock, arrivedMs);
  const outcome = await deps.operations.remove({ lock, operator, arrivedMs, reason: REASON });
  if (outcome.kind === 'lock_held') return foremanError(422, 'the lock is held: set it free first', outcome.lock.id);
  return outcome.kind === 'unknown_lock' || view.kind === 'unknown_lock' ? notFound(lock) : shown(view.lock, operated);
};

/** Changes of what people decide are in the audit only: the events over there tell which, and versions here do not. */
const TYPES: Readonly<Record<string, ForemanEvent['type']>> = {
  grant: 'acquire',
  'evict-and-grant': 'acquire',
  confirm: 'acquire',
  release: 'release',
  'hand-off': 'release',
  evict: 'release',
  'force-release': 'release',
  fail: 'fail',
};

const asForemanEvent = ({ transition, version, atMs }: LockEvent): readonly ForemanEvent[] => {
  const type = TYPES[transition];
  return type === undefined ? [] : [{ id: version, type, atMs }];
};

const events = async ({ deps, asked }: Operated, lock: LockName): Promise<HttpReply> => {
  const { arrivedMs, query } = asked.call;
  const view = await deps.operations.inspect(lock, arrivedMs);
  if (view.kind === 'unknown_lock') return notFound(lock);
  const history = await deps.operations.history(lock, 0, MOST_EVENTS, arrivedMs);
  return jsonReply(200, printForemanEvents(history.flatMap(asForemanEvent), parseForemanPage(query)));
};

export const administer = async (deps: ProtocolDeps, asked: ForemanAsked, route: AdminRoute): Promise<HttpReply> => {
  if (asked.caller.kind !== 'operator') return foremanError(403, 'Access denied: only for operators');
  const operated = { deps, asked, operator: asked.caller.name };
  switch (`${asked.call.method} ${route.kind}`) {
    case 'GET collection':
      return list(operated);
    case 'POST collection':
      return make(operated);
  }
  if (route.kind === 'collection') return notFound('');
  switch (`${asked.call.method} ${route.kind}`) {
    case 'GET events':
      return events(operated, route.lock);
    case 'PUT lock':
    case 'PATCH lock':
      return change(operated, route.lock);
    case 'DELETE lock':
      return remove(operated, route.lock);
    default:
      return notFound(route.lock);
  }
};
