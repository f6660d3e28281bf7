import { actorOfClaims } from '#domain/access/actor.ts';
import type { CommitOutcome, InventoryCommit } from '#ports/administered-inventory.ts';
import { passesIfMatch, passesIfNoneMatch } from '#wire/api/entity-tags.ts';
import { errorReply, type HttpReply, jsonReply, retryAfterHeader } from '#wire/api/http-call.ts';
import type { AdminRequest } from './admin-deps.ts';
import { type Asker, type Change, decideChange, type Intent } from './decide-change.ts';
import { type Part, partName } from './document-part.ts';
import type { NetworkAt } from './held-network.ts';
import { type Repeatable, rememberedReply, repeatableOf, toRemember } from './repeated-request.ts';
import { entityTag } from './replies.ts';
import { untilWritten } from './until-written.ts';

const BUSY_RETRY_MS = 2_000;

const TARGETS = { site: 'sites', host: 'hosts', category: 'categories' } as const;

const pathOf = (part: Part): string =>
  part.kind === 'settings' ? `/api/v1/settings/${part.section}` : `/api/v1/${TARGETS[part.kind]}/${part.id}`;

export const busy = (): HttpReply =>
  errorReply(503, 'busy', 'Many change the network at once; ask again.', retryAfterHeader(BUSY_RETRY_MS));

const replyTo = (part: Part, change: Change): HttpReply => {
  const revision = change.operation === 'none' ? change.network.revision - 1 : change.network.revision;
  const headers = { 'mirrortide-revision': String(revision) };
  if (change.operation === 'delete') return { statusCode: 204, headers: { 'cache-control': 'no-store', ...headers }, body: '' };
  const tagged = { ...headers, etag: entityTag(change.after) };
  return change.operation === 'create'
    ? jsonReply(201, change.after, { ...tagged, location: pathOf(part) })
    : jsonReply(200, change.after, tagged);
};

const dryReply = ({ operation, before = null, after = null }: Change): HttpReply =>
  jsonReply(200, { dryRun: true, operation, before, after });

const entityWrites = (part: Part, change: Change): Pick<InventoryCommit, 'put' | 'remove'> => {
  if (change.entity !== undefined) return { put: change.entity };
  return { remove: part.kind === 'settings' ? part.section : partName(part) };
};

interface Wish {
  readonly part: Part;
  readonly intent: Intent;
  readonly around: AroundWrite;
  readonly repeatable: Repeatable | undefined;
}

interface Write {
  readonly request: AdminRequest;
  readonly part: Part;
  readonly change: Change;
  readonly reply: HttpReply;
  readonly repeatable: Repeatable | undefined;
}

const write = async ({ request, part, change, reply, repeatable }: Write): Promise<CommitOutcome> => {
  const { deps, call, user } = request;
  const nowMs = call.arrivedMs;
  const remember = repeatable === undefined ? undefined : toRemember(repeatable, reply, nowMs);
  if (change.operation === 'none') {
    const kept = remember === undefined ? 'remembered' : await deps.inventory.remember(remember, nowMs);
    return kept === 'repeated' ? { kind: 'repeated' } : { kind: 'committed', revision: change.network.revision };
  }
  return deps.inventory.commit(
    {
      decidedAt: change.network.revision - 1,
      ...entityWrites(part, change),
      audit: {
        atMs: nowMs,
        by: `user:${user.name}`,
        operation: change.operation,
        entity: partName(part),
        before: change.before ?? null,
        after: change.after ?? null,
        requestId: deps.newId(),
      },
      scopes: change.scopes,
      remember,
      forgetChallenges: change.forgetsChallenge && part.kind === 'host' ? [part.id] : [],
    },
    nowMs,
  );
};

/** What else goes with a change that is really made. */
export interface AroundWrite {
  readonly before: (change: Change) => Promise<void>;
  readonly after: (change: Change) => Promise<void>;
}

const askerOf = ({ call, user }: AdminRequest): Asker => ({
  user,
  passes: (tag) => passesIfMatch(call.headers['if-match'], tag) && passesIfNoneMatch(call.headers['if-none-match'], tag),
  keepsRights: (policy) => {
    const actor = actorOfClaims(call.claims, policy);
    return actor.kind === 'user' && actor.administrator;
  },
});

/** One try on the network as it is; undefined when somebody else changed it meanwhile. */
const tryChange = async (
  request: AdminRequest,
  network: NetworkAt,
  { part, intent, around, repeatable }: Wish,
): Promise<HttpReply | undefined> => {
  const decision = decideChange(network, part, askerOf(request), intent);
  if (decision.kind === 'refused') return decision.reply;
  const { change } = decision;
  if (request.query['dryRun'] === 'true') return dryReply(change);
  const reply = replyTo(part, change);
  await around.before(change);
  const outcome = await write({ request, part, change, reply, repeatable });
  if (outcome.kind !== 'committed') return undefined;
  if (change.operation !== 'none') request.deps.network.advance(network, change.network);
  await around.after(change);
  return reply;
};

/** Decides and writes until nobody else was faster; every refusal is an answer. */
export const changePart = async (request: AdminRequest, part: Part, intent: Intent, around: AroundWrite): Promise<HttpReply> => {
  const { deps, call, user } = request;
  const repeatable = repeatableOf(call, user);
  if (repeatable !== undefined && 'statusCode' in repeatable) return repeatable;
  const reply = await untilWritten(deps.clock, async (isFirst) => {
    const before = repeatable === undefined ? undefined : await rememberedReply(deps.inventory, repeatable, call.arrivedMs);
    if (before !== undefined) return before;
    const network = isFirst ? request.network : await deps.network.current();
    return tryChange(request, network, { part, intent, around, repeatable });
  });
  return reply ?? busy();
};
