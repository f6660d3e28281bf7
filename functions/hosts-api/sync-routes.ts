import { type PairKey, parseSyncId } from '#domain/drain/drain-state.ts';
import { isUnlisted } from '#domain/drain/groups.ts';
import { errorReply, type HttpCall, type HttpReply, jsonReply, pathParts } from '#wire/api/http-call.ts';
import { parseBegin, parseEnd, parseHeartbeat, syncJson } from '#wire/drain/sync-json.ts';
import { type CallingHost, callingHost, unauthenticated, wrongMethod } from './calling-host.ts';
import type { HostsApiDeps } from './hosts-deps.ts';
import { operateSync } from './operate-sync.ts';
import type { Route } from './route.ts';
import { callSync, limitsOf, type SyncSubject, showSync, subjectOf } from './sync-calls.ts';
import { answerReply, forbidden, invalid, lost, notFound, syncReply } from './sync-replies.ts';

const MAX_BODY = 16_384;
const EVENTS_PER_PAGE = 100;
const PREFIX = '/api/v1/';
/** Printable, so that it can stand in logs. */
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,200}$/;

type Answer = (deps: HostsApiDeps, call: HttpCall, parts: readonly string[]) => Promise<HttpReply>;

/** A route by methods; the parts of the path come decoded. */
const route = (path: RegExp, answers: Readonly<Record<string, Answer>>): Route => ({
  path,
  maxBody: MAX_BODY,
  answer: async (deps, call) => {
    const answer = Object.hasOwn(answers, call.method) ? answers[call.method] : undefined;
    if (answer === undefined) return wrongMethod(Object.keys(answers).join(', '));
    const parts = pathParts(call.path, PREFIX);
    return parts === undefined ? notFound() : await answer(deps, call, parts);
  },
});

type Caller = { readonly calling: CallingHost } | { readonly reply: HttpReply };

/** The token must be this host's. */
const asHost = async (deps: HostsApiDeps, call: HttpCall, host: string | undefined): Promise<Caller> => {
  const calling = await callingHost(deps, call);
  if (calling === undefined) return { reply: unauthenticated() };
  return calling.host.id === host ? { calling } : { reply: forbidden() };
};

const begin: Answer = async (deps, call, [, host = '', , category = '']) => {
  const caller = await asHost(deps, call, host);
  if ('reply' in caller) return caller.reply;
  const subject = subjectOf(caller.calling.inventory, { host, category });
  if (subject === undefined) return notFound();
  const parsed = parseBegin(call.body);
  if (parsed.kind === 'invalid') return invalid(parsed.problems);
  const given = call.headers['idempotency-key'];
  if (given !== undefined && !IDEMPOTENCY_KEY.test(given)) {
    return errorReply(400, 'invalid_request', 'Idempotency-Key has 1 to 200 printable characters.');
  }
  const { mode, expectedDurationMs: expectedMs } = parsed.value;
  const answer = await callSync(deps, subject, { kind: 'begin', idempotencyKey: given ?? deps.newId(), mode, expectedMs });
  const waits = answer.kind === 'sync' && answer.sync.state === 'WAITING';
  return answerReply(answer, waits ? 202 : 201);
};

interface NamedSync {
  readonly subject: SyncSubject;
  readonly fence: number;
}

/** The synchronisation that a path names, if it is the calling host's. */
const named = async (deps: HostsApiDeps, call: HttpCall, id: string | undefined): Promise<NamedSync | { reply: HttpReply }> => {
  const sync = parseSyncId(id ?? '');
  const calling = await callingHost(deps, call);
  if (calling === undefined) return { reply: unauthenticated() };
  if (sync === undefined || sync.host !== calling.host.id) return { reply: notFound() };
  const { host, category, fence } = sync;
  const subject = subjectOf(calling.inventory, { host, category });
  return subject === undefined ? { reply: notFound() } : { subject, fence };
};

const read: Answer = async (deps, call, [, id]) => {
  const found = await named(deps, call, id);
  if ('reply' in found) return found.reply;
  const pair = await deps.drains.pair(found.subject.key);
  if (pair === undefined || pair.fence < found.fence) return notFound();
  if (pair.fence !== found.fence) return lost();
  return syncReply(200, await showSync(deps, found.subject, pair));
};

/** A fence that is not the one in the path is another synchronisation's. */
const agrees = (inPath: number, inBody: number): HttpReply | undefined => (inPath === inBody ? undefined : lost());

const heartbeat: Answer = async (deps, call, [, id]) => {
  const found = await named(deps, call, id);
  if ('reply' in found) return found.reply;
  const parsed = parseHeartbeat(call.body);
  if (parsed.kind === 'invalid') return invalid(parsed.problems);
  const { fence, phase } = parsed.value;
  return agrees(found.fence, fence) ?? answerReply(await callSync(deps, found.subject, { kind: 'heartbeat', fence, phase }), 200);
};

const end: Answer = async (deps, call, [, id]) => {
  const found = await named(deps, call, id);
  if ('reply' in found) return found.reply;
  const parsed = parseEnd(call.body);
  if (parsed.kind === 'invalid') return invalid(parsed.problems);
  const { fence, outcome, manifestDigest } = parsed.value;
  const stale = agrees(found.fence, fence);
  if (stale !== undefined) return stale;
  deps.log.info('a synchronisation ended', { ...found.subject.key, fence, outcome, manifestDigest });
  return answerReply(await callSync(deps, found.subject, { kind: 'end', fence, outcome }), 200);
};

/** A pair of which nothing is stored: in service as soon as a snapshot lists it. */
const untouched = async (deps: HostsApiDeps, subject: SyncSubject, key: PairKey): Promise<object> => {
  const limits = limitsOf(subject);
  const groups = await deps.drains.groupsOf(
    key.category,
    limits.map((limit) => limit.key),
  );
  return { ...key, state: isUnlisted(key.host, groups) ? 'PROVISIONING' : 'IN_SERVICE' };
};

const list: Answer = async (deps, call, [, host = '']) => {
  const caller = await asHost(deps, call, host);
  if ('reply' in caller) return caller.reply;
  const { inventory } = caller.calling;
  const subjects = caller.calling.host.carries.flatMap(({ category }) => subjectOf(inventory, { host, category }) ?? []);
  const syncs = await Promise.all(
    subjects.map(async (subject) => {
      const pair = await deps.drains.pair(subject.key);
      return pair === undefined ? await untouched(deps, subject, subject.key) : syncJson(await showSync(deps, subject, pair));
    }),
  );
  return jsonReply(200, { host, syncs });
};

/** What happened to a pair, newest first; `before` is the version of the oldest entry that is known already. */
const history: Answer = async (deps, call, [, host = '', , category = '']) => {
  const caller = await asHost(deps, call, host);
  if ('reply' in caller) return caller.reply;
  if (subjectOf(caller.calling.inventory, { host, category }) === undefined) return notFound();
  const before = Number(new URLSearchParams(call.query).get('before') ?? Number.NaN);
  const events = await deps.drains.history(
    { host, category },
    EVENTS_PER_PAGE,
    Number.isSafeInteger(before) && before > 0 ? before : undefined,
  );
  return jsonReply(200, { events, next: events.length === EVENTS_PER_PAGE ? events.at(-1)?.version : undefined });
};

const operate =
  (action: 'hold' | 'release'): Answer =>
  (deps, call, [, host = '', , category = '']) =>
    operateSync(deps, call, action, { host, category });

/** Announcing a sync, waiting for it, its heartbeats and its end; operators' overrides. */
export const SYNC_ROUTES: readonly Route[] = [
  route(/^\/api\/v1\/hosts\/[^/]+\/categories\/[^/]+\/syncs$/, { POST: begin, GET: history }),
  route(/^\/api\/v1\/hosts\/[^/]+\/syncs$/, { GET: list }),
  route(/^\/api\/v1\/syncs\/[^/]+$/, { GET: read }),
  route(/^\/api\/v1\/syncs\/[^/]+\/heartbeat$/, { POST: heartbeat }),
  route(/^\/api\/v1\/syncs\/[^/]+\/end$/, { POST: end }),
  route(/^\/api\/v1\/hosts\/[^/]+\/categories\/[^/]+\/hold$/, { POST: operate('hold') }),
  route(/^\/api\/v1\/hosts\/[^/]+\/categories\/[^/]+\/release$/, { POST: operate('release') }),
];
