import { createHash } from 'node:crypto';
import type { AdministeredInventory, RememberedReply } from '#ports/administered-inventory.ts';
import { errorReply, type HttpCall, type HttpReply } from '#wire/api/http-call.ts';
import type { User } from './admin-deps.ts';
import { badRequest } from './replies.ts';

/** Longer than any client goes on trying. */
const KEEP_MS = 24 * 3_600_000;
const KEY = /^[\x21-\x7e]{1,200}$/;

/** A request that may come again, and must then be answered as the first time. */
export interface Repeatable {
  readonly key: string;
  readonly fingerprint: string;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Undefined: the client does not ask for it. Keys are the user's own: nobody meets another's. */
export const repeatableOf = (call: HttpCall, user: User): Repeatable | HttpReply | undefined => {
  const key = call.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (!KEY.test(key)) return badRequest('An Idempotency-Key is 1 to 200 visible ASCII characters.');
  const asked = [call.method, call.path, call.query, call.headers['if-match'], call.headers['if-none-match'], call.body];
  return { key: sha256(JSON.stringify([user.name, key])), fingerprint: sha256(JSON.stringify(asked)) };
};

export const toRemember = (repeatable: Repeatable, reply: HttpReply, nowMs: number): RememberedReply => ({
  ...repeatable,
  statusCode: reply.statusCode,
  headers: reply.headers,
  body: reply.body,
  expiresMs: nowMs + KEEP_MS,
});

/** The answer that was given before, if the request came before. */
export const rememberedReply = async (
  inventory: AdministeredInventory,
  repeatable: Repeatable,
  nowMs: number,
): Promise<HttpReply | undefined> => {
  const found = await inventory.remembered(repeatable.key, nowMs);
  if (found === undefined) return undefined;
  if (found.fingerprint !== repeatable.fingerprint) {
    return errorReply(422, 'idempotency_key_reused', 'This Idempotency-Key was used for another request.');
  }
  return {
    statusCode: found.statusCode,
    headers: { ...found.headers, 'idempotency-replayed': 'true' },
    body: found.body,
  };
};
