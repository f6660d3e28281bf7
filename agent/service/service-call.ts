import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { RunLog } from '../log/run-log.ts';
import { type HttpAnswer, httpExchange } from './http-exchange.ts';
import type { ServiceAccess } from './service-access.ts';

/** What the service said, once it said something that can be understood. */
export interface ServiceAnswer {
  readonly kind: 'answer';
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** Of the Retry-After header. */
  readonly retryAfterMs: number | undefined;
  /** The service's clock, of the Date header. */
  readonly serverTimeMs: number | undefined;
}

/** Every attempt failed: no connection, no answer in time, 5xx, or something that is not this service. */
export interface ServiceUnavailable {
  readonly kind: 'unavailable';
  readonly reason: string;
  /** When the service asked not to be asked sooner. */
  readonly retryAfterMs?: number | undefined;
}

export interface CallTools {
  readonly log: RunLog;
  readonly sleep: (ms: number) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly stop: AbortSignal;
}

export interface ServiceCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a 2xx: whether it is what this call is answered with. Something else that answers in JSON is not the service. */
  readonly understands?: (body: Readonly<Record<string, unknown>>) => boolean;
}

const LONGEST_BACKOFF_MS = 30_000;
const LONGEST_RETRY_AFTER_MS = 60_000;
const SECOND_MS = 1_000;
const OK = 200;
const FIRST_REDIRECT = 300;
const TOO_MANY_REQUESTS = 429;
const REQUEST_TIMEOUT = 408;
const FIRST_SERVER_ERROR = 500;

/**
 * Asks until there is an answer or the attempts are used up. Every request of this interface may be repeated: it carries a request
 * id or a fence. The wait after the n-th attempt is random between nothing and backoffMs · 2^(n-1), half a minute at most, and what
 * the service asked for besides, a minute at most.
 */
export async function callService(
  config: ServiceAccess,
  call: ServiceCall,
  tools: CallTools,
): Promise<ServiceAnswer | ServiceUnavailable> {
  let reason = 'stopped';
  let askedMs = 0;
  for (let attempt = 0; attempt < config.attempts && !tools.stop.aborted; attempt += 1) {
    if (attempt > 0) {
      const backoffMs = tools.random() * Math.min(LONGEST_BACKOFF_MS, config.backoffMs * 2 ** (attempt - 1));
      await tools.sleep(askedMs + backoffMs);
      if (tools.stop.aborted) break;
    }
    const answer = await attemptOnce(config, call);
    if (answer.kind === 'answer') {
      tools.log.debug(`${call.method} ${call.path}: ${answer.status}`, { body: JSON.stringify(answer.body).slice(0, 500) });
      return answer;
    }
    reason = answer.reason;
    askedMs = Math.min(LONGEST_RETRY_AFTER_MS, answer.retryAfterMs ?? 0);
    tools.log.warning(`${call.method} ${call.path}: ${reason}`, { attempt: attempt + 1, attempts: config.attempts });
  }
  return { kind: 'unavailable', reason };
}

async function attemptOnce(config: ServiceAccess, call: ServiceCall): Promise<ServiceAnswer | ServiceUnavailable> {
  let answer: HttpAnswer;
  try {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const tls = { certificate: config.clientCertificateFile, key: config.clientKeyFile, ca: config.caFile };
    const headers = {
      ...requestHeaders(config),
      ...call.headers,
      ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    };
    answer = await httpExchange({ method: call.method, url: `${config.baseUrl}${call.path}`, headers, body }, config, tls);
  } catch (error) {
    return { kind: 'unavailable', reason: error instanceof Error ? error.message : String(error) };
  }
  const understoodAnswer = understood(answer);
  if (understoodAnswer.kind === 'unavailable' || answer.status < OK || answer.status >= FIRST_REDIRECT) return understoodAnswer;
  if (call.understands?.(understoodAnswer.body) ?? true) return understoodAnswer;
  return { kind: 'unavailable', reason: `status ${answer.status} with JSON that does not answer this call` };
}

function requestHeaders(config: ServiceAccess): Record<string, string> {
  const token = config.tokenFile === undefined ? config.token : readFileSync(config.tokenFile, 'utf8').trim();
  // A token or a certificate names the host; a claim beside it could only contradict it.
  const named = token !== undefined || config.clientCertificateFile !== undefined;
  const claimed = config.host ?? (named ? undefined : hostname());
  return {
    accept: 'application/json',
    'content-type': 'application/json',
    'user-agent': 'mirrortide-update',
    ...(claimed === undefined ? {} : { 'mirrortide-host': claimed }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(config.secretId === undefined ? {} : { 'x-secret-id': config.secretId, 'x-id': config.secretId }),
    ...(config.secret === undefined ? {} : { 'x-secret': config.secret }),
  };
}

/** A proxy's page with status 200 or 404 is not an answer of this service: only JSON objects are. */
function understood(answer: HttpAnswer): ServiceAnswer | ServiceUnavailable {
  if (answer.status >= FIRST_SERVER_ERROR || answer.status === TOO_MANY_REQUESTS || answer.status === REQUEST_TIMEOUT)
    return { kind: 'unavailable', reason: `status ${answer.status}`, retryAfterMs: seconds(answer.headers['retry-after']) };
  const body = jsonObject(answer.text);
  if (body === undefined) return { kind: 'unavailable', reason: `status ${answer.status} with a body that is not a JSON object` };
  return {
    kind: 'answer',
    status: answer.status,
    body,
    retryAfterMs: seconds(answer.headers['retry-after']),
    serverTimeMs: time(answer.headers['date']),
  };
}

function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function seconds(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,7}$/.test(header) ? Number(header) * SECOND_MS : undefined;
}

function time(header: string | string[] | undefined): number | undefined {
  const parsed = typeof header === 'string' ? Date.parse(header) : Number.NaN;
  return Number.isNaN(parsed) ? undefined : parsed;
}
