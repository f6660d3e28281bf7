import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isMapping } from '#wire/network-file/raw.ts';
import { type HttpAnswer, type HttpCall, httpExchange } from '../service/http-exchange.ts';

export interface NetworkServiceConfig {
  /** Without a slash at its end. */
  readonly server: string;
  /** Read at every call: tokens are renewed while a large network is applied. */
  readonly tokenFile: string;
  readonly caFile: string | undefined;
  readonly connectMs: number;
  readonly totalMs: number;
  readonly attempts: number;
  readonly backoffMs: number;
}

export interface Waiting {
  readonly sleep: (ms: number) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
}

export interface ServiceProblem {
  /** As the service writes it: `carries[0].urls[1]`, relative to what was sent. */
  readonly path: string;
  readonly message: string;
}

export type ServiceReply =
  /** 2xx. `value` is what the service has now; `tag` is its ETag. */
  | { readonly kind: 'ok'; readonly value: unknown; readonly tag: string | undefined }
  | { readonly kind: 'absent' }
  /** It is not, or no longer, what we thought it was. */
  | { readonly kind: 'stale' }
  /** It does not go with what else is there, now. */
  | { readonly kind: 'conflict'; readonly reason: string; readonly problems: readonly ServiceProblem[] }
  | { readonly kind: 'refused'; readonly reason: string; readonly problems: readonly ServiceProblem[] }
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface NetworkService {
  readonly get: (path: string) => Promise<ServiceReply>;
  /** `tag`: only if it still is this; undefined: only if it is not there. */
  readonly put: (path: string, value: unknown, tag: string | undefined) => Promise<ServiceReply>;
  readonly remove: (path: string, tag: string) => Promise<ServiceReply>;
}

const MEBIBYTE = 1_048_576;
const ANSWER_BYTES = 32 * MEBIBYTE;
const LONGEST_BACKOFF_MS = 30_000;
/** Whoever is told to come back later than this comes back earlier, and gives up in the end. */
const LONGEST_PAUSE_MS = 60_000;
const SECOND_MS = 1_000;
const UNAUTHORIZED = 401;
/** The gateway, which looks at the tokens of people, says no more than its status. */
const TOKEN_REFUSED =
  'the token is not accepted: it has expired, or is not one of a person from the identity provider of this network';
const REPEATED: readonly number[] = [408, 425, 429];
const CONFLICTS: readonly number[] = [409, 422];

const parsedBody = (text: string): unknown => {
  try {
    return text.trim() === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
};

const problemsOf = (body: unknown): readonly ServiceProblem[] => {
  const listed = isMapping(body) && Array.isArray(body['problems']) ? body['problems'] : [];
  return listed.filter(isMapping).map(({ path, message }) => ({ path: String(path ?? ''), message: String(message ?? '') }));
};

const reasonOf = (status: number, body: unknown): string => {
  const { kind, value } = isMapping(body) ? body : {};
  const said = [kind, value].filter((one) => typeof one === 'string').join(': ');
  if (said !== '') return `${status} ${said}`;
  return status === UNAUTHORIZED ? `${status} ${TOKEN_REFUSED}` : `status ${status}`;
};

const understood = ({ status, text, headers }: HttpAnswer): ServiceReply => {
  const body = parsedBody(text);
  // Sections of the settings may be lists.
  const isOurs = (typeof body === 'object' && body !== null) || (body === undefined && status === 204);
  // A proxy's page, whatever its status, is no answer of the service.
  if (!isOurs) return { kind: 'unavailable', reason: `status ${status} with a body that is not JSON` };
  if (status >= 200 && status < 300) return { kind: 'ok', value: body, tag: textHeader(headers['etag']) };
  if (status === 404) return { kind: 'absent' };
  if (status === 412) return { kind: 'stale' };
  const kind = CONFLICTS.includes(status) ? 'conflict' : 'refused';
  return { kind, reason: reasonOf(status, body), problems: problemsOf(body) };
};

const textHeader = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : undefined;

const retryAfterMs = (answer: HttpAnswer): number => {
  const header = textHeader(answer.headers['retry-after']) ?? '';
  return /^\d{1,4}$/.test(header) ? Math.min(LONGEST_PAUSE_MS, Number(header) * SECOND_MS) : 0;
};

/** A service whose table is empty says so with 503; it will not fill by waiting. */
const hasNoNetwork = ({ status, text }: HttpAnswer): boolean => {
  const body = status === 503 ? parsedBody(text) : undefined;
  return isMapping(body) && body['kind'] === 'no_network';
};

interface Attempt {
  readonly reply: ServiceReply;
  /** Asking again may help, after this long. */
  readonly againMs: number | undefined;
}

/** The API of the network's administration, for one administrator. */
export const networkService = (config: NetworkServiceConfig, { sleep, random }: Waiting): NetworkService => {
  const limits = { connectMs: config.connectMs, totalMs: config.totalMs, answerBytes: ANSWER_BYTES };
  const attempt = async (call: HttpCall): Promise<Attempt> => {
    let answer: HttpAnswer;
    try {
      const authorization = `Bearer ${readFileSync(config.tokenFile, 'utf8').trim()}`;
      answer = await httpExchange({ ...call, headers: { ...call.headers, authorization } }, limits, {
        certificate: undefined,
        key: undefined,
        ca: config.caFile,
      });
    } catch (error) {
      return { reply: { kind: 'unavailable', reason: error instanceof Error ? error.message : String(error) }, againMs: 0 };
    }
    if (hasNoNetwork(answer)) return { reply: { kind: 'absent' }, againMs: undefined };
    if (answer.status >= 500 || REPEATED.includes(answer.status)) {
      const reason = reasonOf(answer.status, parsedBody(answer.text));
      return { reply: { kind: 'unavailable', reason }, againMs: retryAfterMs(answer) };
    }
    const reply = understood(answer);
    return { reply, againMs: reply.kind === 'unavailable' ? 0 : undefined };
  };

  /** A change carries the same idempotency key each time, so that one whose answer was lost is not made twice. */
  const ask = async (method: HttpCall['method'], path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    let tried: Attempt = { reply: { kind: 'unavailable', reason: 'not asked' }, againMs: 0 };
    for (let tries = 0; tries < config.attempts && tried.againMs !== undefined; tries += 1) {
      if (tries > 0) await sleep(tried.againMs + random() * Math.min(LONGEST_BACKOFF_MS, config.backoffMs * 2 ** (tries - 1)));
      tried = await attempt({
        method,
        url: `${config.server}${path}`,
        headers: {
          accept: 'application/json',
          'user-agent': 'mirrortide-network',
          ...headers,
          ...(text !== undefined && { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
        },
        body: text,
      });
    }
    return tried.reply;
  };

  return {
    get: (path) => ask('GET', path),
    put: (path, value, tag) => {
      const condition: Record<string, string> = tag === undefined ? { 'if-none-match': '*' } : { 'if-match': tag };
      return ask('PUT', path, value, { ...condition, 'idempotency-key': randomUUID() });
    },
    remove: (path, tag) => ask('DELETE', path, undefined, { 'if-match': tag, 'idempotency-key': randomUUID() }),
  };
};
