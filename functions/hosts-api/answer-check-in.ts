import * as v from 'valibot';
import { type HttpCall, type HttpReply, jsonReply } from '#wire/api/http-call.ts';
import { parseJsonBody } from '#wire/api/json-body.ts';
import { type CheckInReply, checkInBody, claimsOf } from '#wire/check-in/check-in-body.ts';
import { callingHost, unauthenticated, wrongMethod } from './calling-host.ts';
import { checkIn } from './check-in.ts';
import type { CheckInDeps } from './hosts-deps.ts';

/** The second is what curl says of `-d` unless it is told otherwise. */
const MEDIA_TYPES = ['application/json', 'application/x-www-form-urlencoded'];
/** Ten thousand heads with long paths. */
export const MAX_CHECK_IN_BYTES = 1_048_576;
const MOST_PROBLEMS = 20;

const invalid = (issues: readonly v.BaseIssue<unknown>[]): HttpReply => {
  const problems = issues.slice(0, MOST_PROBLEMS).map((issue) => ({ path: v.getDotPath(issue) ?? '', message: issue.message }));
  return jsonReply(400, { kind: 'invalid_request', value: 'The body does not fit; see problems.', problems });
};

/** `POST /api/v1/checkins`: what a host says it holds. 202 with one result per category, in their order. */
export const answerCheckIn = async (deps: CheckInDeps, call: HttpCall): Promise<HttpReply> => {
  if (call.method !== 'POST') return wrongMethod('POST');
  const caller = await callingHost(deps, call);
  if (caller === undefined) return unauthenticated();
  const body = parseJsonBody(call, MEDIA_TYPES, MAX_CHECK_IN_BYTES);
  if (body.kind === 'reply') return body.reply;
  const parsed = v.safeParse(checkInBody, body.value);
  if (!parsed.success) return invalid(parsed.issues);
  const categories: CheckInReply[] = [];
  for (const { category, claim } of claimsOf(parsed.output)) {
    const { result, retryAfterMs, manifestDigest } = await checkIn(deps, caller, category, claim);
    categories.push({ id: category, result, retryAfterMs, manifestDigest });
  }
  deps.log.info('a host checked in', {
    host: caller.host.id,
    token: caller.token.tokenId,
    results: categories.map(({ id, result }) => `${id} ${result}`),
  });
  return jsonReply(202, { categories });
};
