import { randomUUID } from 'node:crypto';
import { isMapping } from '#wire/network-file/raw.ts';
import type { HttpAnswer } from '../service/http-exchange.ts';
import {
  askService,
  isPassing,
  type NetworkServiceConfig,
  parsedBody,
  problemsOf,
  reasonOf,
  type ServiceProblem,
  textHeader,
  type Unavailable,
  type Waiting,
} from './ask-service.ts';

export type ServiceReply =
  /** 2xx. `value` is what the service has now; `tag` is its ETag. */
  | { readonly kind: 'ok'; readonly value: unknown; readonly tag: string | undefined }
  | { readonly kind: 'absent' }
  /** It is not, or no longer, what we thought it was. */
  | { readonly kind: 'stale' }
  /** It does not go with what else is there, now. */
  | { readonly kind: 'conflict'; readonly reason: string; readonly problems: readonly ServiceProblem[] }
  | { readonly kind: 'refused'; readonly reason: string; readonly problems: readonly ServiceProblem[] }
  | Unavailable;

export interface NetworkService {
  readonly get: (path: string) => Promise<ServiceReply>;
  /** `tag`: only if it still is this; undefined: only if it is not there. */
  readonly put: (path: string, value: unknown, tag: string | undefined) => Promise<ServiceReply>;
  readonly remove: (path: string, tag: string) => Promise<ServiceReply>;
}

const CONFLICTS: readonly number[] = [409, 422];

/** A service whose table is empty says so with 503; it will not fill by waiting. */
const hasNoNetwork = (status: number, body: unknown): boolean =>
  status === 503 && isMapping(body) && body['kind'] === 'no_network';

const understood = ({ status, text, headers }: HttpAnswer): ServiceReply | undefined => {
  const body = parsedBody(text);
  if (hasNoNetwork(status, body)) return { kind: 'absent' };
  // Sections of the settings may be lists.
  const isOurs = (typeof body === 'object' && body !== null) || (body === undefined && status === 204);
  if (isPassing(status) || !isOurs) return undefined;
  if (status >= 200 && status < 300) return { kind: 'ok', value: body, tag: textHeader(headers['etag']) };
  if (status === 404) return { kind: 'absent' };
  if (status === 412) return { kind: 'stale' };
  const kind = CONFLICTS.includes(status) ? 'conflict' : 'refused';
  return { kind, reason: reasonOf(status, body), problems: problemsOf(body) };
};

/** The API of the network's administration, for one administrator. */
export const networkService = (config: NetworkServiceConfig, waiting: Waiting): NetworkService => {
  const ask = askService(config, waiting);
  /** A change carries the same idempotency key each time, so that one whose answer was lost is not made twice. */
  const change = (method: 'PUT' | 'DELETE', path: string, condition: Readonly<Record<string, string>>, body?: unknown) =>
    ask({ method, path, body, headers: { ...condition, 'idempotency-key': randomUUID() } }, understood);
  return {
    get: (path) => ask({ method: 'GET', path }, understood),
    put: (path, value, tag) => change('PUT', path, tag === undefined ? { 'if-none-match': '*' } : { 'if-match': tag }, value),
    remove: (path, tag) => change('DELETE', path, { 'if-match': tag }),
  };
};
