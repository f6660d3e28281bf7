import { errorReply, type HttpReply, jsonReply, retryAfterHeader } from '#wire/api/http-call.ts';
import { type ShownSync, syncJson } from '#wire/drain/sync-json.ts';
import type { SyncAnswer } from './sync-calls.ts';

export const notFound = (): HttpReply =>
  errorReply(404, 'not_found', 'There is no such synchronisation, host or category for this token.');

export const forbidden = (): HttpReply => errorReply(403, 'forbidden', 'This token belongs to another host.');

export const invalid = (problems: readonly { readonly path: string; readonly message: string }[]): HttpReply =>
  jsonReply(400, { kind: 'invalid_request', value: 'The body is not what this call takes.', problems });

/** Asks to come again where waiting is all there is to do. */
export const syncReply = (statusCode: number, sync: ShownSync): HttpReply =>
  jsonReply(statusCode, syncJson(sync), sync.retryAfterMs === undefined ? {} : retryAfterHeader(sync.retryAfterMs));

export const lost = (): HttpReply =>
  errorReply(409, 'lost', 'This synchronisation is no longer the host’s: stop it, and begin anew.');

export const answerReply = (answer: SyncAnswer, statusCode: number): HttpReply => {
  switch (answer.kind) {
    case 'sync':
      return syncReply(statusCode, answer.sync);
    case 'lost':
      return lost();
    case 'sync_active':
      return jsonReply(409, {
        kind: 'sync_active',
        value: 'Another synchronisation of this host and category goes on.',
        ...syncJson(answer.sync),
      });
    case 'held': {
      const hold = answer.pair?.hold;
      const value = hold === undefined ? 'The host is switched off.' : `${hold.by} holds the host back: ${hold.reason}`;
      return errorReply(409, 'held', value);
    }
  }
};
