import type { ServiceConfig } from '../update/config/update-config.ts';
import { type CallTools, callService, type ServiceAnswer, type ServiceUnavailable } from './service-call.ts';

/** The service will not do it, and asking again does not help: a credential, a name, or a rule is wrong. */
export interface Refused {
  readonly kind: 'refused';
  readonly status: number;
  readonly reason: string;
}

export type AcquireOutcome =
  | { readonly kind: 'offered'; readonly fence: number }
  | { readonly kind: 'held'; readonly fence: number }
  | {
      readonly kind: 'queued';
      readonly ticket: string | number | undefined;
      readonly rank: number | undefined;
      readonly retryAfterMs: number | undefined;
    }
  /** Nobody gets the lock for now: it is disabled, or halted after failed updates. */
  | { readonly kind: 'closed'; readonly why: string; readonly retryAfterMs: number | undefined }
  | Refused
  | ServiceUnavailable;

export type HoldOutcome =
  /** leaseMs: how long without renewal; undefined when the lock is held until it is released. */
  { readonly kind: 'held'; readonly leaseMs: number | undefined } | { readonly kind: 'lost' } | Refused | ServiceUnavailable;

export type ReleaseOutcome = { readonly kind: 'released' | 'not_held' } | Refused | ServiceUnavailable;

export type InspectOutcome =
  | { readonly kind: 'lock'; readonly lock: Readonly<Record<string, unknown>> }
  | Refused
  | ServiceUnavailable;

/** One lock of the service, in this host's name: the credential says who we are. */
export interface LockService {
  readonly acquire: (requestId: string, ticket: string | number | undefined) => Promise<AcquireOutcome>;
  readonly confirm: (fence: number) => Promise<HoldOutcome>;
  /** Also the way to learn whether a fence still holds: it changes nothing on a lock that is held until released. */
  readonly renew: (fence: number) => Promise<HoldOutcome>;
  readonly release: (fence: number) => Promise<ReleaseOutcome>;
  readonly fail: (fence: number, reason: string) => Promise<HoldOutcome>;
  readonly inspect: () => Promise<InspectOutcome>;
}

const OK = 200;
const ACCEPTED = 202;
const NOT_FOUND = 404;
const CONFLICT = 409;
const LOCKED = 423;
const MAX_REASON_CHARACTERS = 300;

export function lockService(config: ServiceConfig, tools: CallTools): LockService {
  const path = `/api/v1/locks/${encodeURIComponent(config.lock)}`;
  const post = (verb: string, body: Readonly<Record<string, unknown>>): Promise<ServiceAnswer | ServiceUnavailable> =>
    callService(config, { method: 'POST', path: `${path}/${verb}`, body }, tools);
  const hold = async (verb: string, body: Readonly<Record<string, unknown>>): Promise<HoldOutcome> => {
    const answer = await post(verb, body);
    return answer.kind === 'unavailable' ? answer : holdOutcome(answer);
  };
  return {
    acquire: async (requestId, ticket) => {
      const answer = await post('acquire', ticket === undefined ? { requestId } : { requestId, ticket });
      return answer.kind === 'unavailable' ? answer : acquireOutcome(answer);
    },
    confirm: (fence) => hold('confirm', { fence }),
    renew: (fence) => hold('renew', { fence }),
    fail: (fence, reason) => hold('fail', { fence, reason: reason.slice(0, MAX_REASON_CHARACTERS) }),
    release: async (fence) => {
      const answer = await post('release', { fence });
      return answer.kind === 'unavailable' ? answer : releaseOutcome(answer);
    },
    inspect: async () => {
      const answer = await callService(config, { method: 'GET', path }, tools);
      if (answer.kind === 'unavailable') return answer;
      return answer.status === OK ? { kind: 'lock', lock: answer.body } : refused(answer);
    },
  };
}

function acquireOutcome(answer: ServiceAnswer): AcquireOutcome {
  const { state, fence, ticket, rank, retryAfterMs } = answer.body;
  if (answer.status === OK && isFence(fence)) return { kind: state === 'offered' ? 'offered' : 'held', fence };
  if (answer.status === ACCEPTED)
    return {
      kind: 'queued',
      ticket: typeof ticket === 'string' || typeof ticket === 'number' ? ticket : undefined,
      rank: typeof rank === 'number' ? rank : undefined,
      retryAfterMs: typeof retryAfterMs === 'number' && retryAfterMs >= 0 ? retryAfterMs : answer.retryAfterMs,
    };
  if (answer.status === LOCKED) return { kind: 'closed', why: reasonOf(answer), retryAfterMs: answer.retryAfterMs };
  return refused(answer);
}

function holdOutcome(answer: ServiceAnswer): HoldOutcome {
  if (answer.status === CONFLICT && answer.body['kind'] === 'lost') return { kind: 'lost' };
  if (answer.status !== OK) return refused(answer);
  const { state, deadlineMs, leaseMs } = answer.body;
  if (state === 'not_held' || state === 'released') return { kind: 'lost' };
  if (typeof leaseMs === 'number') return { kind: 'held', leaseMs };
  // The deadline is of the service's clock; only its distance from the service's own date means something here.
  const nowMs = answer.serverTimeMs ?? Date.now();
  return { kind: 'held', leaseMs: typeof deadlineMs === 'number' ? Math.max(0, deadlineMs - nowMs) : undefined };
}

/** A lock that is not ours any more, or not there any more, is released: there is nothing left to do. */
function releaseOutcome(answer: ServiceAnswer): ReleaseOutcome {
  if (answer.status === OK) return { kind: answer.body['state'] === 'not_held' ? 'not_held' : 'released' };
  const gone = answer.status === CONFLICT || (answer.status === NOT_FOUND && answer.body['kind'] === 'unknown_lock');
  return gone ? { kind: 'not_held' } : refused(answer);
}

const refused = (answer: ServiceAnswer): Refused => ({
  kind: 'refused',
  status: answer.status,
  reason: `${answer.status} ${reasonOf(answer)}`,
});

function reasonOf(answer: ServiceAnswer): string {
  const { kind, value } = answer.body;
  return [kind, value].filter((part) => typeof part === 'string').join(': ') || `status ${answer.status}`;
}

const isFence = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
