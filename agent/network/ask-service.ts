import { readFileSync } from 'node:fs';
import { isMapping } from '#wire/network-file/raw.ts';
import { type HttpAnswer, type HttpCall, httpExchange } from '../service/http-exchange.ts';

export interface NetworkServiceConfig {
  /** Without a slash at its end. */
  readonly server: string;
  /** Read at every call: tokens are renewed while a large network is applied, or a large tree is published. */
  readonly tokenFile: string;
  readonly caFile: string | undefined;
  readonly connectMs: number;
  readonly totalMs: number;
  readonly attempts: number;
  readonly backoffMs: number;
}

export interface Waiting {
  /** Rejects once it is told to stop. */
  readonly sleep: (ms: number, stop?: AbortSignal) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
}

export interface ServiceProblem {
  /** As the service writes it: `carries[0].urls[1]`, relative to what was sent. */
  readonly path: string;
  readonly message: string;
}

export interface Unavailable {
  readonly kind: 'unavailable';
  readonly reason: string;
}

export interface AskedCall {
  readonly method: HttpCall['method'];
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks until there is an answer that `understand` makes something of, or the attempts are used up. */
export type AskService = <Reply>(
  call: AskedCall,
  understand: (answer: HttpAnswer) => Reply | undefined,
) => Promise<Reply | Unavailable>;

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

export const parsedBody = (text: string): unknown => {
  try {
    return text.trim() === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
};

export const problemsOf = (body: unknown): readonly ServiceProblem[] => {
  const listed = isMapping(body) && Array.isArray(body['problems']) ? body['problems'] : [];
  return listed.filter(isMapping).map(({ path, message }) => ({ path: String(path ?? ''), message: String(message ?? '') }));
};

export const reasonOf = (status: number, body: unknown): string => {
  const { kind, value } = isMapping(body) ? body : {};
  const said = [kind, value].filter((one) => typeof one === 'string').join(': ');
  if (said !== '') return `${status} ${said}`;
  return status === UNAUTHORIZED ? `${status} ${TOKEN_REFUSED}` : `status ${status}`;
};

export const textHeader = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : undefined;

/** Asking again may help. */
export const isPassing = (status: number): boolean => status >= 500 || REPEATED.includes(status);

const retryAfterMs = ({ headers, status }: HttpAnswer): number => {
  const header = isPassing(status) ? (textHeader(headers['retry-after']) ?? '') : '';
  return /^\d{1,4}$/.test(header) ? Math.min(LONGEST_PAUSE_MS, Number(header) * SECOND_MS) : 0;
};

/** A proxy's page, whatever its status, is no answer of the service. */
const notUnderstood = ({ status, text }: HttpAnswer): string => {
  const body = parsedBody(text);
  return isPassing(status) || body !== undefined ? reasonOf(status, body) : `status ${status} with a body that is not JSON`;
};

/** What a call is sent as. */
const sent = (server: string, { method, path, body, headers }: AskedCall): HttpCall => {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const described = text !== undefined && {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(text)),
  };
  const all = { accept: 'application/json', 'user-agent': 'mirrortide-network', ...described, ...headers };
  return { method, url: `${server}${path}`, headers: all, body: text };
};

/** The network's service, asked for one person. */
export const askService = (config: NetworkServiceConfig, { sleep, random }: Waiting): AskService => {
  const limits = { connectMs: config.connectMs, totalMs: config.totalMs, answerBytes: ANSWER_BYTES };
  const tls = { certificate: undefined, key: undefined, ca: config.caFile };

  const exchange = (call: HttpCall): Promise<HttpAnswer> => {
    const authorization = `Bearer ${readFileSync(config.tokenFile, 'utf8').trim()}`;
    return httpExchange({ ...call, headers: { ...call.headers, authorization } }, limits, tls);
  };

  const attempt = async <Reply>(
    call: HttpCall,
    understand: (answer: HttpAnswer) => Reply | undefined,
  ): Promise<{ readonly reply: Reply | undefined; readonly reason: string; readonly againMs: number }> => {
    try {
      const answer = await exchange(call);
      return { reply: understand(answer), reason: notUnderstood(answer), againMs: retryAfterMs(answer) };
    } catch (error) {
      return { reply: undefined, reason: error instanceof Error ? error.message : String(error), againMs: 0 };
    }
  };

  return async (asked, understand) => {
    const call = sent(config.server, asked);
    let tried = await attempt(call, understand);
    for (let tries = 1; tries < config.attempts && tried.reply === undefined; tries += 1) {
      await sleep(tried.againMs + random() * Math.min(LONGEST_BACKOFF_MS, config.backoffMs * 2 ** (tries - 1)));
      tried = await attempt(call, understand);
    }
    return tried.reply ?? { kind: 'unavailable', reason: tried.reason };
  };
};
