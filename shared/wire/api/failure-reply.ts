import { Fault } from '#domain/errors.ts';
import type { Log } from '#ports/log.ts';
import { errorReply, type HttpCall, type HttpReply, retryAfterHeader } from './http-call.ts';

/** Tables recover in seconds or not at all. */
const RETRY_AFTER_FAULT_MS = 10_000;

/** 503 with Retry-After: nothing is wrong with the request. */
export const retryReply = (kind: string, value: string): HttpReply =>
  errorReply(503, kind, value, retryAfterHeader(RETRY_AFTER_FAULT_MS));

/** What a client of an API is told when a request threw, and what the log is: a Fault passes, anything else is a bug of ours. */
export const failureReply = (log: Log, { path }: Pick<HttpCall, 'path'>, error: unknown, unavailable: string): HttpReply => {
  if (error instanceof Fault) {
    log.warn('a request was not answered in time', { path, error });
    return retryReply('backend_unavailable', unavailable);
  }
  log.error('a request failed', { path, error });
  return errorReply(500, 'internal_error', 'The request failed; the log of the function says why.');
};
