import type { ConfirmOutcome, FailOutcome, ReleaseOutcome, RenewOutcome } from '#domain/lock/outcomes.ts';
import { errorReply, type HttpReply, jsonReply } from '#wire/api/http-call.ts';

export const EVENTS_PER_PAGE = 200;

export const unknownLock = (): HttpReply =>
  errorReply(
    404,
    'unknown_lock',
    'There is no such lock: nobody asked for it yet, or the network lets nobody make it by asking.',
  );

export const nobody = (): HttpReply =>
  errorReply(401, 'unauthenticated', 'No credential of this network came with the request.', { 'www-authenticate': 'Bearer' });

export const notAllowed = (why: string): HttpReply => errorReply(403, 'forbidden', `Not allowed: ${why}.`);

export const wrongMethod = (allowed: readonly string[]): HttpReply =>
  errorReply(405, 'method_not_allowed', `Only ${allowed.join(', ')}.`, { allow: allowed.join(', ') });

const lost = (): HttpReply => errorReply(409, 'lost', 'The lock is not held with this fence, or no longer.');

const notConfirmed = (): HttpReply => errorReply(409, 'not_confirmed', 'This is an offer; confirm it first.');

export const heldReply = (outcome: ConfirmOutcome | RenewOutcome, fence: number): HttpReply => {
  switch (outcome.kind) {
    case 'unknown_lock':
      return unknownLock();
    case 'lost':
      return lost();
    case 'not_confirmed':
      return notConfirmed();
    case 'held':
      return jsonReply(200, { state: 'held', fence, deadlineMs: outcome.grant.deadlineMs, leaseMs: outcome.grant.leaseMs });
  }
};

export const failedReply = (outcome: FailOutcome, fence: number): HttpReply => {
  if (outcome.kind === 'unknown_lock') return unknownLock();
  if (outcome.kind === 'not_confirmed') return notConfirmed();
  return outcome.kind === 'lost' ? lost() : jsonReply(200, { state: 'failed', fence });
};

/** What is not held is released: a host that repeats a release, or whose lock is gone, must be able to go on. */
export const releasedReply = (outcome: ReleaseOutcome, fence: number): HttpReply =>
  jsonReply(200, { state: outcome.kind === 'released' ? 'released' : 'not_held', fence });
