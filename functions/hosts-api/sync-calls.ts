import { decideHost, type HostCall, type HostDecision, shouldCancel } from '#domain/drain/decide-host.ts';
import type { DrainPolicy } from '#domain/drain/drain-policy.ts';
import { type PairKey, type SyncPair, safeAfterMs, shownState } from '#domain/drain/drain-state.ts';
import { type Rival, rivalsBefore } from '#domain/drain/grant.ts';
import { type BoundGroup, boundGroups, groupsOfHost } from '#domain/drain/groups.ts';
import { type Member, memberOf, presenceOf } from '#domain/drain/presence.ts';
import type { DrainView } from '#domain/drain/take-transition.ts';
import type { TransitionName } from '#domain/drain/transitions.ts';
import { verificationCheck } from '#domain/drain/verification-check.ts';
import type { EpochMs, Inventory } from '#domain/inventory/inventory.ts';
import type { Clock } from '#ports/clock.ts';
import type { CrawlQueue } from '#ports/crawl-queue.ts';
import type { DrainNow, DrainStore } from '#ports/drain-store.ts';
import type { Log } from '#ports/log.ts';
import type { ManifestStore } from '#ports/manifest-store.ts';
import type { PublishRequests } from '#ports/publish-requests.ts';
import type { ShownSync } from '#wire/drain/sync-json.ts';

export interface SyncDeps {
  readonly drains: Pick<DrainStore, 'pair' | 'pairs' | 'groups' | 'groupsOf' | 'change'>;
  readonly manifests: Pick<ManifestStore, 'pointer'>;
  readonly crawls: CrawlQueue;
  readonly publish: PublishRequests;
  readonly clock: Clock;
  /** A text that was never returned before. */
  readonly newId: () => string;
  readonly log: Log;
}

/** A pair that somebody asks about, with the network it is in. */
export interface SyncSubject {
  readonly key: PairKey;
  readonly inventory: Inventory;
  readonly member: Member;
}

export const subjectOf = (inventory: Inventory, key: PairKey): SyncSubject | undefined => {
  const member = memberOf(inventory, key);
  return member === undefined ? undefined : { key, inventory, member };
};

/** A host that waits, for its turn or for the caches, asks again after this long at most. */
const RETRY_MS = 15_000;
const SOONEST_RETRY_MS = 1_000;

const policyOf = ({ inventory }: SyncSubject): DrainPolicy => inventory.settings.drain;

export const limitsOf = (subject: SyncSubject) =>
  groupsOfHost(policyOf(subject), subject.member.host, subject.member.site, subject.key.category);

/** Everybody of the category who waits, with what bounds them. */
const rivalsOf = async ({ drains }: SyncDeps, { inventory, key }: SyncSubject): Promise<readonly Rival[]> => {
  const waiting = (await drains.pairs(key.category)).filter(({ state, host }) => state === 'WAITING' && host !== key.host);
  if (waiting.length === 0) return [];
  const groups = await drains.groups(key.category);
  return waiting.flatMap((pair) => {
    const member = memberOf(inventory, pair);
    if (member === undefined) return [];
    const limits = groupsOfHost(inventory.settings.drain, member.host, member.site, pair.category);
    return { pair, groups: boundGroups(limits, groups) };
  });
};

export const viewOf = (deps: SyncDeps, subject: SyncSubject, now: DrainNow, by: string): DrainView => ({
  key: subject.key,
  pair: now.pair,
  groups: boundGroups(limitsOf(subject), now.groups),
  policy: policyOf(subject),
  presence: presenceOf(subject.member),
  nowMs: deps.clock.now(),
  by,
  writeId: deps.newId(),
});

/** Only who may leave service now has rivals. */
const mayTakeTurn = (pair: SyncPair | undefined, call: HostCall): boolean => {
  if (call.kind === 'end') return false;
  if (call.kind === 'begin') return pair === undefined || pair.idempotencyKey !== call.idempotencyKey;
  return pair?.state === 'WAITING' || (pair?.state === 'ADDING' && call.phase === 'destructive');
};

const LEAVES: readonly TransitionName[] = [
  'drain',
  'drain-second',
  'turn',
  'turn-unlisted',
  'drain-unlisted',
  'provision',
  'resume',
  'hold',
];
const WANTS_CHECK: readonly TransitionName[] = ['end', 'end-added', 'release'];

/**
 * What follows from a write: somebody publishes without the host, or looks at it. Both happen without it too, within a minute or
 * two, so what fails here is logged and the call is answered.
 */
export const followUp = async (deps: SyncDeps, { key, member }: SyncSubject, transition: TransitionName): Promise<void> => {
  try {
    if (LEAVES.includes(transition)) await deps.publish.soon('a host goes away to synchronise');
    if (!WANTS_CHECK.includes(transition)) return;
    const pointer = await deps.manifests.pointer(key.category);
    if (pointer === undefined) return;
    const plannedMs = deps.clock.now();
    const check = verificationCheck(member.carriage);
    await deps.crawls.send([{ ...key, check, generation: pointer.generation, plannedMs, basedOnMs: plannedMs, publish: true }]);
  } catch (error) {
    deps.log.warn('what follows from a synchronisation was not asked for', { ...key, transition, error });
  }
};

const retryAfterMs = (pair: SyncPair, cacheBudgetMs: number, safeMs: EpochMs | undefined, nowMs: EpochMs): number | undefined => {
  if (pair.state !== 'WAITING' && pair.state !== 'DRAINING') return undefined;
  if (safeMs !== undefined && nowMs >= safeMs) return undefined;
  // Nobody drains in less than the budget, so until then there is nothing to learn, and no slot that becomes free.
  const leftMs = safeMs === undefined ? cacheBudgetMs : safeMs - nowMs;
  return Math.max(SOONEST_RETRY_MS, Math.min(RETRY_MS, leftMs));
};

const shown = (deps: SyncDeps, subject: SyncSubject, pair: SyncPair, position: number | undefined): ShownSync => {
  const nowMs = deps.clock.now();
  const { cacheBudgetMs } = policyOf(subject);
  const safeMs = pair.state === 'DRAINING' || pair.state === 'SYNCING' ? safeAfterMs(pair, cacheBudgetMs) : undefined;
  return {
    pair,
    state: shownState(pair, cacheBudgetMs, nowMs),
    safeAfterMs: safeMs,
    position: pair.state === 'WAITING' ? position : undefined,
    retryAfterMs: retryAfterMs(pair, cacheBudgetMs, safeMs, nowMs),
    cancel: shouldCancel(pair, nowMs),
  };
};

const positionOf = (pair: SyncPair, groups: readonly BoundGroup[], rivals: readonly Rival[], nowMs: EpochMs): number =>
  rivalsBefore(pair.host, pair.ticketMs ?? nowMs, groups, rivals, nowMs).length + 1;

/** The pair as clients see it now. */
export const showSync = async (
  deps: SyncDeps,
  subject: SyncSubject,
  pair: SyncPair,
  known?: readonly Rival[],
): Promise<ShownSync> => {
  if (pair.state !== 'WAITING') return shown(deps, subject, pair, undefined);
  const rivals = known ?? (await rivalsOf(deps, subject));
  const position = positionOf(pair, boundGroups(limitsOf(subject), []), rivals, deps.clock.now());
  return shown(deps, subject, pair, position);
};

export type SyncAnswer =
  | { readonly kind: 'sync'; readonly sync: ShownSync }
  | { readonly kind: 'sync_active'; readonly sync: ShownSync }
  | { readonly kind: 'held'; readonly pair: SyncPair | undefined }
  | { readonly kind: 'lost' };

/** One call of a host: decided on what is stored now, written whole or decided anew, and then whatever follows from it. */
export const callSync = async (deps: SyncDeps, subject: SyncSubject, call: HostCall): Promise<SyncAnswer> => {
  let decision: HostDecision = { kind: 'lost', pair: undefined };
  let rivals: readonly Rival[] | undefined;
  const keys = limitsOf(subject).map(({ key }) => key);
  const { change } = await deps.drains.change(subject.key, keys, async (now) => {
    rivals = mayTakeTurn(now.pair, call) ? await rivalsOf(deps, subject) : undefined;
    decision = decideHost(viewOf(deps, subject, now, `host:${subject.key.host}`), call, rivals ?? []);
    return decision.kind === 'write' ? decision.change : undefined;
  });
  if (change !== undefined) await followUp(deps, subject, change.transition);
  // The compiler does not see that the callback above assigned it.
  const made = decision as HostDecision;
  switch (made.kind) {
    case 'lost':
      return { kind: 'lost' };
    case 'held':
      return { kind: 'held', pair: made.pair };
    case 'sync_active':
      return { kind: 'sync_active', sync: await showSync(deps, subject, made.pair) };
    case 'write':
      return { kind: 'sync', sync: await showSync(deps, subject, made.change.next, rivals) };
    case 'as-it-is':
      return { kind: 'sync', sync: await showSync(deps, subject, made.pair, rivals) };
  }
};
