import type { HostToken } from '#ports/host-tokens.ts';
import { errorReply, type HttpReply, jsonReply } from '#wire/api/http-call.ts';
import { parseJsonBody } from '#wire/api/json-body.ts';
import { parseTokenWish } from '#wire/api/token-wish.ts';
import type { AdminRequest } from './admin-deps.ts';
import { MAX_BODY_BYTES, refusalFor } from './entity-calls.ts';
import { recordAction } from './record-action.ts';
import { type Repeatable, rememberedReply, repeatableOf, toRemember } from './repeated-request.ts';
import { invalidEntity, notFound } from './replies.ts';

const TOKEN_ID = /^[A-Za-z0-9_-]{1,100}$/;

const hostOf = ({ params: [host = ''] }: AdminRequest): string => host;

const listed = ({ id, label, createdMs, createdBy, expiresMs, revokedMs, lastUsedMs }: HostToken) => ({
  id,
  label,
  createdMs,
  createdBy,
  expiresMs,
  revokedMs,
  lastUsedMs,
});

/** Without the tokens themselves, which nobody sees a second time. */
export const listTokens = async (request: AdminRequest): Promise<HttpReply> => {
  const refusal = refusalFor(request, 'host', hostOf(request), 'token.read');
  if (refusal !== undefined) return refusal;
  const items = (await request.deps.tokens.list(hostOf(request))).map(listed);
  return jsonReply(200, { items });
};

/** A repetition tells which token was issued; the token itself is kept nowhere. */
const withoutSecret = ({ statusCode, headers, body }: HttpReply): HttpReply => {
  const { token: _, ...rest } = JSON.parse(body) as Record<string, unknown>;
  return { statusCode, headers, body: `${JSON.stringify(rest)}\n` };
};

const issue = async (request: AdminRequest, repeatable: Repeatable | undefined): Promise<HttpReply> => {
  const { deps, call, user } = request;
  const host = hostOf(request);
  const parsed = parseJsonBody(call, ['application/json'], MAX_BODY_BYTES);
  if (parsed.kind === 'reply') return parsed.reply;
  const wish = parseTokenWish(parsed.value);
  if (wish.kind === 'invalid') return invalidEntity(wish.problems);
  const { label, lifetimeMs } = wish;
  const expiresMs = lifetimeMs === undefined ? undefined : call.arrivedMs + lifetimeMs;
  if (request.query['dryRun'] === 'true')
    return jsonReply(200, { dryRun: true, operation: 'create', before: null, after: { label, expiresMs } });
  const issued = await deps.tokens.issue({ host, by: user.name, label, expiresMs }, call.arrivedMs);
  if (issued.kind === 'too-many') {
    return errorReply(409, 'too_many_tokens', `The host has ${issued.limit} tokens; revoke one that is not used.`);
  }
  const { id, token } = issued;
  const reply = jsonReply(201, { id, token, label, expiresMs }, { location: `/api/v1/hosts/${host}/tokens/${id}` });
  const remember = repeatable === undefined ? undefined : toRemember(repeatable, withoutSecret(reply), call.arrivedMs);
  // Issued first: a token that nobody was told of, because this fails, is worth nothing to anybody, and is revoked.
  const action = { host, operation: 'token.issue', before: null, after: { id, label, expiresMs }, remember } as const;
  const recorded = await recordAction(request, action).catch(async (error: unknown) => {
    await deps.tokens.revoke(host, id, call.arrivedMs);
    throw error;
  });
  if (recorded === 'recorded') return reply;
  await deps.tokens.revoke(host, id, call.arrivedMs);
  const first = repeatable === undefined ? undefined : await rememberedReply(deps.inventory, repeatable, call.arrivedMs);
  return first ?? errorReply(409, 'repeated', 'The same request is being answered.');
};

/** The only time that the token is told. */
export const issueToken = async (request: AdminRequest): Promise<HttpReply> => {
  const refusal = refusalFor(request, 'host', hostOf(request), 'token.issue');
  if (refusal !== undefined) return refusal;
  const repeatable = repeatableOf(request.call, request.user);
  if (repeatable === undefined) return issue(request, undefined);
  if ('statusCode' in repeatable) return repeatable;
  const before = await rememberedReply(request.deps.inventory, repeatable, request.call.arrivedMs);
  return before ?? issue(request, repeatable);
};

/** At once; doing it again changes nothing, and stands in the trail again. */
export const revokeToken = async (request: AdminRequest): Promise<HttpReply> => {
  const host = hostOf(request);
  const refusal = refusalFor(request, 'host', host, 'token.revoke');
  if (refusal !== undefined) return refusal;
  const [, id = ''] = request.params;
  const { deps, call } = request;
  const known = TOKEN_ID.test(id) ? (await deps.tokens.list(host)).find((token) => token.id === id) : undefined;
  if (known === undefined) return notFound('The host has no such token.');
  if (request.query['dryRun'] === 'true')
    return jsonReply(200, { dryRun: true, operation: 'delete', before: listed(known), after: null });
  await deps.tokens.revoke(host, id, call.arrivedMs);
  const { label, expiresMs } = known;
  await recordAction(request, { host, operation: 'token.revoke', before: { id, label, expiresMs }, after: null });
  return { statusCode: 204, headers: { 'cache-control': 'no-store' }, body: '' };
};
