/**
 * The story of one question: parse it, read the client's bucket, answer from the held snapshot, add what caches need. Every
 * outcome is an answer; nothing a client sends is an error of ours.
 */
import { hash } from 'node:crypto';
import { answerRequest } from '#domain/answer/answer-request.ts';
import { JSON_TYPE } from '#domain/answer/error-answer.ts';
import { httpDate } from '#domain/answer/http-date.ts';
import { networkStatus, statusText } from '#domain/answer/status.ts';
import { TEXT_TYPE } from '#domain/mirrorlist/render-mirrorlist.ts';
import type { Clock } from '#ports/clock.ts';
import { type AnswerQuery, parseAnswerQuery } from '#wire/answer-query.ts';
import { BUCKET_HEADER, parseClientBucket, VARIANT_HEADER } from '#wire/client-bucket.ts';
import type { Held, HeldSnapshot } from './held-snapshot.ts';

export interface HttpQuestion {
  readonly method: string;
  /** Still percent-encoded. */
  readonly path: string;
  readonly query: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface HttpReply {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface AnswerDeps {
  readonly snapshot: HeldSnapshot;
  readonly clock: Clock;
}

/** Short, since a mirror that failed must go within a minute; yet served on for a day should nobody answer behind the CDN. */
const LIST_CACHING = 'public, max-age=30, stale-if-error=86400';
/** dnf repeats an error twelve times at once: all but the first should end at the CDN. */
const ERROR_CACHING = 'public, max-age=30';
const NOT_CACHED = 'no-store';

const RETRY_AFTER_S = '5';
const ETAG_LENGTH = 22;

const plain = (statusCode: number, body: string, headers: Readonly<Record<string, string>>): HttpReply => ({
  statusCode,
  headers: { 'content-type': TEXT_TYPE, ...headers },
  body,
});

const NOT_FOUND = plain(404, '# not found: ask for /mirrorlist, /metalink, /explain or /status\n', {
  'cache-control': ERROR_CACHING,
});
const NOT_ALLOWED = plain(405, '# only GET and HEAD\n', { allow: 'GET, HEAD', 'cache-control': ERROR_CACHING });
const NOTHING_PUBLISHED = plain(503, '# nothing is published yet\n', {
  'retry-after': RETRY_AFTER_S,
  'cache-control': NOT_CACHED,
});

const listReply = (held: Held, query: Extract<AnswerQuery, { kind: 'answer' }>, question: HttpQuestion): HttpReply => {
  const client = parseClientBucket(question.headers[BUCKET_HEADER], question.headers[VARIANT_HEADER]);
  const answer = answerRequest(held.view, held.pointer, query.request, client);
  const etag = `"${hash('sha256', answer.body, 'base64url').slice(0, ETAG_LENGTH)}"`;
  const headers = {
    'content-type': answer.contentType,
    'cache-control': answer.status >= 400 ? ERROR_CACHING : LIST_CACHING,
    ...(answer.status === 200 ? { etag, 'last-modified': httpDate(held.pointer.publishedMs) } : {}),
    ...answer.headers,
  };
  if (answer.status === 200 && matches(question.headers['if-none-match'], etag)) return { statusCode: 304, headers, body: '' };
  return { statusCode: answer.status, headers, body: answer.body };
};

/** RFC 9110 13.1.2, weak comparison. */
const matches = (condition: string | undefined, etag: string): boolean =>
  condition?.split(',').some((one) => one.trim().replace(/^W\//, '') === etag || one.trim() === '*') ?? false;

const statusReply = (deps: AnswerDeps, held: Held, json: boolean): HttpReply => {
  const status = networkStatus(held.view, held.pointer, deps.clock.now(), deps.snapshot.confirmedMs());
  const headers = { 'content-type': json ? JSON_TYPE : TEXT_TYPE, 'cache-control': NOT_CACHED };
  return { statusCode: 200, headers, body: json ? `${JSON.stringify(status)}\n` : statusText(status) };
};

const reply = async (deps: AnswerDeps, question: HttpQuestion): Promise<HttpReply> => {
  if (question.method !== 'GET' && question.method !== 'HEAD') return NOT_ALLOWED;
  const query = parseAnswerQuery(question.path, question.query);
  if (query.kind === 'not-found') return NOT_FOUND;
  const held = await deps.snapshot.current();
  if (held === undefined) return NOTHING_PUBLISHED;
  return query.kind === 'status' ? statusReply(deps, held, query.json) : listReply(held, query, question);
};

export const answer = async (deps: AnswerDeps, question: HttpQuestion): Promise<HttpReply> => {
  const given = await reply(deps, question);
  return question.method === 'HEAD' ? { ...given, body: '' } : given;
};
