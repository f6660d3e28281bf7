import type { SyncMode, SyncOutcome } from '#domain/drain/drain-state.ts';
import type { Refused } from '../../service/lock-service.ts';
import type { ServiceAccess } from '../../service/service-access.ts';
import { type CallTools, callService, type ServiceAnswer, type ServiceUnavailable } from '../../service/service-call.ts';

/** Of the service; others may come, so none is assumed to be the last. */
export type SyncState = string;

/** A synchronisation as the service shows it. */
export interface SyncSeen {
  readonly syncId: string;
  readonly fence: number;
  readonly state: SyncState;
  /** From now on, until the service takes us for dead. */
  readonly leaseMs: number | undefined;
  readonly position: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly reason: string | undefined;
  /** The service wants it ended. */
  readonly cancel: boolean;
}

export type SyncReply =
  | { readonly kind: 'sync'; readonly sync: SyncSeen }
  /** It is no longer ours: judged meanwhile, or another one began. */
  | { readonly kind: 'lost'; readonly reason: string }
  | Refused
  | ServiceUnavailable;

export type BeginReply =
  | { readonly kind: 'sync'; readonly sync: SyncSeen }
  /** Another one of this host and category goes on. */
  | { readonly kind: 'active'; readonly reason: string }
  /** An operator keeps the host out, or it is switched off. */
  | { readonly kind: 'held'; readonly reason: string }
  | Refused
  | ServiceUnavailable;

export type Pairs = readonly Readonly<Record<string, unknown>>[];
export type ListReply = { readonly kind: 'pairs'; readonly pairs: Pairs } | Refused | ServiceUnavailable;

export interface SyncHandle {
  readonly syncId: string;
  readonly fence: number;
}

/** The synchronisations of one host; every call may be repeated. */
export interface SyncService {
  readonly begin: (category: string, key: string, mode: SyncMode, expectedMs: number | undefined) => Promise<BeginReply>;
  /** Also the way to ask for one's turn. `destructive`: asks for a slot, if there is none yet. */
  readonly heartbeat: (sync: SyncHandle, destructive: boolean) => Promise<SyncReply>;
  readonly end: (sync: SyncHandle, outcome: SyncOutcome) => Promise<SyncReply>;
  readonly read: (sync: SyncHandle) => Promise<SyncReply>;
  readonly list: () => Promise<ListReply>;
  /** With the credential of an operator. */
  readonly operate: (action: 'hold' | 'release', category: string, reason: string) => Promise<SyncReply>;
}

type Body = Readonly<Record<string, unknown>>;

const FIRST_ERROR = 300;
const UNAUTHORIZED = 401;
const NOT_FOUND = 404;
/** The gateway, which looks at the tokens of people, says no more than its status. */
const TOKEN_REFUSED =
  'the token is not accepted: it has expired, or is of another kind (of a host to synchronise, of a person to hold and release)';
const CONFLICT = 409;
const HEADERS = { 'user-agent': 'mirrortide-sync' };

export function syncService(access: ServiceAccess, host: string, tools: CallTools): SyncService {
  const hostPath = `/api/v1/hosts/${encodeURIComponent(host)}`;
  const ask = (method: 'GET' | 'POST', path: string, body?: Body, headers?: Readonly<Record<string, string>>) =>
    callService(
      access,
      {
        method,
        path,
        headers: { ...HEADERS, ...headers },
        understands: isSync,
        ...(body === undefined ? {} : { body }),
      },
      tools,
    );
  const call = async (sync: SyncHandle, verb: string, body: Body): Promise<SyncReply> =>
    syncReply(await ask('POST', `/api/v1/syncs/${encodeURIComponent(sync.syncId)}/${verb}`, { fence: sync.fence, ...body }));
  return {
    begin: async (category, key, mode, expectedMs) =>
      beginReply(
        await ask(
          'POST',
          `${hostPath}/categories/${encodeURIComponent(category)}/syncs`,
          { mode, ...(expectedMs === undefined ? {} : { expectedDurationMs: Math.max(1, Math.round(expectedMs)) }) },
          { 'idempotency-key': key },
        ),
      ),
    heartbeat: (sync, destructive) => call(sync, 'heartbeat', destructive ? { phase: 'destructive' } : {}),
    end: (sync, outcome) => call(sync, 'end', { outcome }),
    read: async (sync) => syncReply(await ask('GET', `/api/v1/syncs/${encodeURIComponent(sync.syncId)}`)),
    list: async () => {
      const answer = await callService(
        access,
        { method: 'GET', path: `${hostPath}/syncs`, headers: HEADERS, understands: ({ syncs }) => isPairs(syncs) },
        tools,
      );
      if (answer.kind === 'unavailable') return answer;
      const { syncs } = answer.body;
      return answer.status < FIRST_ERROR && isPairs(syncs) ? { kind: 'pairs', pairs: syncs } : refused(answer);
    },
    operate: async (action, category, reason) =>
      syncReply(await ask('POST', `${hostPath}/categories/${encodeURIComponent(category)}/${action}`, { reason })),
  };
}

const isRecord = (value: unknown): value is Body => typeof value === 'object' && value !== null && !Array.isArray(value);
const isPairs = (value: unknown): value is Pairs => Array.isArray(value) && value.every(isRecord);
const isSync = ({ syncId, fence, state }: Body): boolean =>
  typeof syncId === 'string' && Number.isSafeInteger(fence) && typeof state === 'string';

const numberIn = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

/** What people are told: the reason of the state, or of an operator's order. */
const reasonIn = ({ reason, hold }: Body): string | undefined => {
  if (isRecord(hold)) return `held by ${String(hold['by'])}: ${String(hold['reason'])}`;
  return typeof reason === 'string' ? reason : undefined;
};

function seenIn({ body, serverTimeMs, retryAfterMs }: ServiceAnswer): SyncSeen {
  // Times are of the service's clock; only their distance from the service's own date means something here.
  const leaseUntilMs = numberIn(body['leaseUntilMs']);
  const nowMs = serverTimeMs ?? Date.now();
  return {
    syncId: String(body['syncId']),
    fence: Number(body['fence']),
    state: String(body['state']),
    leaseMs: leaseUntilMs === undefined ? undefined : Math.max(0, leaseUntilMs - nowMs),
    position: numberIn(body['position']),
    retryAfterMs: numberIn(body['retryAfterMs']) ?? retryAfterMs,
    reason: reasonIn(body),
    cancel: body['cancel'] === true,
  };
}

function syncReply(answer: ServiceAnswer | ServiceUnavailable): SyncReply {
  if (answer.kind === 'unavailable') return answer;
  if (answer.status < FIRST_ERROR) return { kind: 'sync', sync: seenIn(answer) };
  const { kind } = answer.body;
  const gone = answer.status === NOT_FOUND && kind === 'not_found';
  if (gone || (answer.status === CONFLICT && kind === 'lost')) return { kind: 'lost', reason: reasonOf(answer) };
  return refused(answer);
}

function beginReply(answer: ServiceAnswer | ServiceUnavailable): BeginReply {
  if (answer.kind === 'unavailable') return answer;
  if (answer.status < FIRST_ERROR) return { kind: 'sync', sync: seenIn(answer) };
  const { kind, state, syncId } = answer.body;
  if (answer.status === CONFLICT && kind === 'sync_active')
    return { kind: 'active', reason: `${reasonOf(answer)} (${String(syncId)}, ${String(state)})` };
  if (answer.status === CONFLICT && kind === 'held') return { kind: 'held', reason: reasonOf(answer) };
  return refused(answer);
}

const refused = (answer: ServiceAnswer): Refused => ({
  kind: 'refused',
  status: answer.status,
  reason: `${answer.status} ${reasonOf(answer)}${problemsOf(answer.body)}`,
});

function reasonOf({ body, status }: ServiceAnswer): string {
  const said = [body['kind'], body['value']].filter((part) => typeof part === 'string').join(': ');
  return said || (status === UNAUTHORIZED ? TOKEN_REFUSED : `status ${status}`);
}

const problemsOf = ({ problems }: Body): string =>
  isPairs(problems) ? problems.map(({ path, message }) => ` ${String(path)}: ${String(message)}`).join(';') : '';
