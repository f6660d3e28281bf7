import type { LockName } from '#domain/lock/lock-state.ts';
import type { AcquireOutcome } from '#domain/lock/outcomes.ts';
import { errorReply, type HttpCall, type HttpReply, jsonReply, pathParts, retryAfterHeader } from '#wire/api/http-call.ts';
import { lockJson, lockViewJson } from '#wire/lock/lock-json.ts';
import {
  type ParsedRequest,
  parseAcquire,
  parseConfigChange,
  parseFenced,
  parseForceRelease,
  parseReason,
} from '#wire/lock/lock-request.ts';
import { isHostName, isLockName } from '#wire/lock/names.ts';
import { decideHost, identify } from '../identity.ts';
import type { FencedCall, LockOperations } from '../lock-operations.ts';
import type { Protocol, ProtocolDeps } from '../protocol.ts';
import {
  EVENTS_PER_PAGE,
  failedReply,
  heldReply,
  nobody,
  notAllowed,
  releasedReply,
  unknownLock,
  wrongMethod,
} from './native-replies.ts';

const PREFIX = '/api/v1/';
/** Where a network believes its hosts, this header says which one asks. */
const HOST_HEADER = 'mirrortide-host';
const HALT_RETRY_MS = 300_000;

interface LockRequest {
  readonly deps: ProtocolDeps;
  readonly call: HttpCall;
  readonly lock: LockName;
}

type Answer = Promise<HttpReply> | HttpReply;

const withBody = <T>(parsed: ParsedRequest<T>, answer: (value: T) => Answer): Answer =>
  parsed.kind === 'ok' ? answer(parsed.value) : errorReply(400, 'invalid_request', parsed.problem);

const asHost = ({ deps, call, lock }: LockRequest, answer: (host: string) => Answer): Answer => {
  const claimed = call.headers[HOST_HEADER];
  const decision = decideHost(deps.rules, identify(deps.rules, call), call, { protocol: 'native', claimed, lock });
  if (decision.kind === 'unauthenticated') return nobody();
  return decision.kind === 'forbidden' ? notAllowed('this host may not use this lock') : answer(decision.host);
};

const asOperator = ({ deps, call }: Pick<LockRequest, 'deps' | 'call'>, answer: (operator: string) => Answer): Answer => {
  const identity = identify(deps.rules, call);
  if (identity.kind === 'operator') return answer(identity.name);
  return identity.kind === 'nobody' || identity.kind === 'unknown_credential' ? nobody() : notAllowed('operators only');
};

/** Reading is for everybody who is somebody; where hosts are believed, nobody proves anything. */
const asReader = ({ deps, call }: Pick<LockRequest, 'deps' | 'call'>, answer: () => Answer): Answer => {
  const identity = identify(deps.rules, call);
  const claimed = call.headers[HOST_HEADER] ?? 'reader';
  const known = identity.kind === 'host' || identity.kind === 'claims' || identity.kind === 'operator';
  const plain = decideHost(deps.rules, identity, call, { protocol: 'native', claimed, lock: undefined }).kind === 'host';
  return known || plain ? answer() : nobody();
};

const acquireReply = (outcome: AcquireOutcome): HttpReply => {
  switch (outcome.kind) {
    case 'unknown_lock':
      return unknownLock();
    case 'granted': {
      const { state, fence, deadlineMs, leaseMs } = outcome.grant;
      const offered = state === 'offered';
      return jsonReply(200, { state: offered ? 'offered' : 'held', fence, deadlineMs, offerMs: outcome.offerMs, leaseMs });
    }
    case 'queued': {
      const { ticket, rank, retryAfterMs } = outcome;
      return jsonReply(202, { state: 'queued', ticket, rank, retryAfterMs }, retryAfterHeader(retryAfterMs));
    }
    case 'lock_disabled':
      return errorReply(423, 'lock_disabled', 'The lock is disabled; nothing is granted.', retryAfterHeader(HALT_RETRY_MS));
    case 'lock_halted':
      return errorReply(
        423,
        'lock_halted',
        'Updates have failed; nothing is granted until an operator resumes.',
        retryAfterHeader(HALT_RETRY_MS),
      );
  }
};

const acquire = (request: LockRequest): Answer =>
  asHost(request, (host) =>
    withBody(parseAcquire(request.call.body), async (asked) => {
      const { deps, call, lock } = request;
      return acquireReply(await deps.operations.acquire({ lock, host, arrivedMs: call.arrivedMs, ...asked }));
    }),
  );

/** Everything that names a fence: the operation, then its answer. */
const holding =
  (act: (operations: LockOperations, call: FencedCall) => Promise<HttpReply>) =>
  (request: LockRequest): Answer =>
    asHost(request, (host) =>
      withBody(parseFenced(request.call.body), (asked) => {
        const { deps, call, lock } = request;
        return act(deps.operations, { lock, host, arrivedMs: call.arrivedMs, ...asked });
      }),
    );

const confirm = holding(async (operations, call) => heldReply(await operations.confirm(call), call.fence));
const renew = holding(async (operations, call) => heldReply(await operations.renew(call), call.fence));
const release = holding(async (operations, call) => releasedReply(await operations.release(call), call.fence));
const fail = holding(async (operations, call) => failedReply(await operations.fail(call), call.fence));

const forceRelease = (request: LockRequest): Answer =>
  asOperator(request, (operator) =>
    withBody(parseForceRelease(request.call.body), async (asked) => {
      const { deps, call, lock } = request;
      const outcome = await deps.operations.forceRelease({ lock, operator, arrivedMs: call.arrivedMs, ...asked });
      if (outcome.kind === 'unknown_lock') return unknownLock();
      if (outcome.kind === 'changed') return errorReply(409, 'changed', 'The host holds this lock with another fence.');
      return jsonReply(200, { state: outcome.kind, fence: asked.fence });
    }),
  );

const resume = (request: LockRequest): Answer =>
  asOperator(request, (operator) =>
    withBody(parseReason(request.call.body), async ({ reason }) => {
      const { deps, call, lock } = request;
      const outcome = await deps.operations.resume({ lock, operator, arrivedMs: call.arrivedMs, reason });
      return outcome.kind === 'unknown_lock' ? unknownLock() : jsonReply(200, lockJson(outcome.lock));
    }),
  );

/** `If-Match: 7`, with or without quotes; undefined when it is absent, NaN when it is no version. */
const versionOf = (call: HttpCall): number | undefined => {
  const text = call.headers['if-match'];
  return text === undefined || text === '*' ? undefined : Number(/^(?:W\/)?"?(\d{1,15})"?$/.exec(text)?.[1] ?? Number.NaN);
};

const configure = (request: LockRequest): Answer =>
  asOperator(request, (operator) =>
    withBody(parseConfigChange(request.call.body), async (asked) => {
      const { deps, call, lock } = request;
      const version = versionOf(call);
      if (Number.isNaN(version)) return errorReply(400, 'invalid_request', 'If-Match is not a version of a lock.');
      const outcome = await deps.operations.configure({ lock, operator, arrivedMs: call.arrivedMs, version, ...asked });
      if (outcome.kind === 'unknown_lock') return unknownLock();
      const reply = lockJson(outcome.lock);
      const etag = { etag: `"${reply.version}"` };
      return outcome.kind === 'configured'
        ? jsonReply(200, reply, etag)
        : errorReply(412, 'version_mismatch', `The lock has version ${reply.version} now.`, etag);
    }),
  );

const remove = (request: LockRequest): Answer =>
  asOperator(request, async (operator) => {
    const { deps, call, lock } = request;
    const outcome = await deps.operations.remove({ lock, operator, arrivedMs: call.arrivedMs });
    if (outcome.kind === 'unknown_lock') return unknownLock();
    return outcome.kind === 'removed'
      ? jsonReply(200, { state: 'removed' })
      : errorReply(409, 'lock_held', 'Somebody holds the lock; release it first.');
  });

const removeWaiter =
  (host: string) =>
  (request: LockRequest): Answer =>
    asOperator(request, async (operator) => {
      const { deps, call, lock } = request;
      const outcome = await deps.operations.removeWaiter({ lock, operator, host, arrivedMs: call.arrivedMs });
      return outcome.kind === 'unknown_lock' ? unknownLock() : jsonReply(200, { state: outcome.kind });
    });

const inspect = (request: LockRequest): Answer =>
  asReader(request, async () => {
    const view = await request.deps.operations.inspect(request.lock, request.call.arrivedMs);
    return view.kind === 'lock' ? jsonReply(200, lockViewJson(view), { etag: `"${view.lock.version}"` }) : unknownLock();
  });

const history = (request: LockRequest): Answer =>
  asReader(request, async () => {
    const since = Number(new URLSearchParams(request.call.query).get('since') ?? 0);
    if (!Number.isSafeInteger(since) || since < 0) return errorReply(400, 'invalid_request', 'since is not a version of a lock.');
    const { deps, call, lock } = request;
    const events = await deps.operations.history(lock, since, EVENTS_PER_PAGE, call.arrivedMs);
    return jsonReply(200, { lock, events, next: events.length === EVENTS_PER_PAGE ? events.at(-1)?.version : undefined });
  });

type Actions = Readonly<Record<string, (request: LockRequest) => Answer>>;

/** What can be done by METHOD at each path below a lock; undefined when there is no such path. */
const actionsAt = (rest: readonly string[]): Actions | undefined => {
  const [action = '', host, ...more] = rest;
  if (more.length > 0) return undefined;
  if (action === 'waiters' && host !== undefined && isHostName(host)) return { DELETE: removeWaiter(host) };
  if (host !== undefined) return undefined;
  const actions: Readonly<Record<string, Actions>> = {
    '': { GET: inspect, DELETE: remove },
    acquire: { POST: acquire },
    confirm: { POST: confirm },
    renew: { POST: renew },
    release: { POST: release },
    fail: { POST: fail },
    events: { GET: history },
    'force-release': { POST: forceRelease },
    resume: { POST: resume },
    config: { PUT: configure },
  };
  return Object.hasOwn(actions, action) ? actions[action] : undefined;
};

const listLocks = (deps: ProtocolDeps, call: HttpCall): Answer =>
  asReader({ deps, call }, async () => {
    const locks = await deps.operations.list(call.arrivedMs);
    return jsonReply(200, { locks: locks.map(lockJson) });
  });

const hostLocks = (deps: ProtocolDeps, call: HttpCall, host: string): Answer =>
  asReader({ deps, call }, async () => {
    if (!isHostName(host)) return errorReply(400, 'invalid_request', 'This is not the name of a host.');
    return jsonReply(200, { host, locks: await deps.operations.hostLocks(host, call.arrivedMs) });
  });

/** The API of this system's own: JSON both ways, errors as `{kind, value}`; docs/update-lock.md lists the routes. */
export const nativeProtocol: Protocol = async (deps, call) => {
  const parts = pathParts(call.path, PREFIX);
  if (parts === undefined) return errorReply(400, 'invalid_request', 'The path is not percent-encoded UTF-8.');
  const [collection, name, ...rest] = parts;
  const notFound = errorReply(404, 'not_found', 'There is nothing at this path.');
  if (collection === 'hosts') {
    if (name === undefined || rest.length !== 1 || rest[0] !== 'locks') return notFound;
    return call.method === 'GET' ? hostLocks(deps, call, name) : wrongMethod(['GET']);
  }
  if (name === undefined) return call.method === 'GET' ? listLocks(deps, call) : wrongMethod(['GET']);
  if (!isLockName(name)) return errorReply(400, 'invalid_request', 'A lock has a name of 1 to 100 characters without slashes.');
  const actions = actionsAt(rest);
  if (actions === undefined) return notFound;
  const act = Object.hasOwn(actions, call.method) ? actions[call.method] : undefined;
  return act === undefined ? wrongMethod(Object.keys(actions)) : act({ deps, call, lock: name });
};
