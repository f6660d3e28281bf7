import { decideSweep } from '#domain/drain/decide-others.ts';
import { isAway, type SyncPair } from '#domain/drain/drain-state.ts';
import { type Member, memberOf, presenceOf } from '#domain/drain/presence.ts';
import type { DrainView, Presence } from '#domain/drain/take-transition.ts';
import { verificationCheck } from '#domain/drain/verification-check.ts';
import type { EpochMs, Inventory } from '#domain/inventory/inventory.ts';
import type { Clock } from '#ports/clock.ts';
import type { CrawlQueue, CrawlRequest } from '#ports/crawl-queue.ts';
import type { DrainStore } from '#ports/drain-store.ts';
import type { InventoryStore } from '#ports/inventory-store.ts';
import type { Log } from '#ports/log.ts';
import type { ManifestStore } from '#ports/manifest-store.ts';

export interface SweepDrainsDeps {
  readonly inventory: Pick<InventoryStore, 'load'>;
  readonly pointers: Pick<ManifestStore, 'pointer'>;
  readonly drains: Pick<DrainStore, 'pairs' | 'change'>;
  readonly crawls: CrawlQueue;
  readonly clock: Clock;
  /** A text that was never returned before. */
  readonly newId: () => string;
  readonly log: Log;
}

/** Pairs that were found in each condition, and what was done. */
export interface SweepDrainsOutcome {
  readonly kind: 'swept';
  readonly changed: number;
  readonly checks: number;
  readonly away: number;
  readonly waiting: number;
  readonly held: number;
  /** Neither verified nor held for longer than the policy's `lapsedAlarm`. */
  readonly unverifiedTooLong: number;
}

const MINUTE_MS = 60_000;
/** Every sweep at first; a check that got no answer is not asked for again at every one for ever. */
const EAGER_MINUTES = 5;
const PATIENT_MINUTES = 5;
/** A held host may have been mended. */
const HELD_MINUTES = 15;

const isUnverified = ({ state }: SyncPair): boolean => state === 'VERIFYING' || state === 'LAPSED';

/** Whether this minute of a pair's waiting is one in which its mirror is looked at. */
const isCheckDue = (pair: SyncPair, nowMs: EpochMs): boolean => {
  const minutes = Math.floor((nowMs - pair.sinceMs) / MINUTE_MS);
  if (isUnverified(pair)) return minutes <= EAGER_MINUTES || minutes % PATIENT_MINUTES === 0;
  return pair.state === 'HELD' && pair.hold === undefined && minutes > 0 && minutes % HELD_MINUTES === 0;
};

interface Swept {
  readonly pair: SyncPair;
  readonly member: Member | undefined;
  readonly presence: Presence;
  readonly changed: boolean;
}

const sweepPair = async (deps: SweepDrainsDeps, inventory: Inventory, found: SyncPair): Promise<Swept> => {
  const { host, category } = found;
  const member = memberOf(inventory, found);
  const presence = presenceOf(member);
  const view = (pair: SyncPair | undefined): DrainView => ({
    key: { host, category },
    pair,
    groups: [],
    policy: inventory.settings.drain,
    presence,
    nowMs: deps.clock.now(),
    by: 'sweep',
    writeId: deps.newId(),
  });
  if (decideSweep(view(found)) === undefined) return { pair: found, member, presence, changed: false };
  const { pair = found, change } = await deps.drains.change({ host, category }, [], (now) => decideSweep(view(now.pair)));
  if (change !== undefined) deps.log.info('swept', { host, category, transition: change.transition, reason: pair.reason });
  return { pair, member, presence, changed: change !== undefined };
};

const report = (log: Log, { pair }: Swept, isTooLong: boolean): void => {
  const { host, category, state, sinceMs, reason, hold } = pair;
  if (state === 'HELD') log.warn('a host is held', { host, category, since: sinceMs, reason, by: hold?.by });
  if (isTooLong) log.warn('a host was not verified for too long', { host, category, state, since: sinceMs, reason });
};

const checksFor = async (deps: SweepDrainsDeps, category: string, swept: readonly Swept[]): Promise<readonly CrawlRequest[]> => {
  const nowMs = deps.clock.now();
  const due = swept.filter(({ pair, presence }) => presence === 'on' && isCheckDue(pair, nowMs));
  const pointer = due.length === 0 ? undefined : await deps.pointers.pointer(category);
  if (pointer === undefined) return [];
  return due.flatMap(({ pair, member }): CrawlRequest[] => {
    if (member === undefined) return [];
    const check = verificationCheck(member.carriage);
    const { generation } = pointer;
    return [{ host: pair.host, category, check, generation, plannedMs: nowMs, basedOnMs: nowMs, publish: true }];
  });
};

/**
 * Looks at every pair: ends what ran out of its lease, frees what belongs to hosts that are gone, asks for the checks that
 * let hosts return, and counts what people should look at. Nobody is brought back here: only a check does that.
 */
export const sweepDrains = async (deps: SweepDrainsDeps): Promise<SweepDrainsOutcome> => {
  const inventory = await deps.inventory.load();
  const { lapsedAlarmMs } = inventory.settings.drain;
  const all: Swept[] = [];
  let checks = 0;
  for (const { id } of inventory.categories) {
    const swept: Swept[] = [];
    for (const pair of await deps.drains.pairs(id)) swept.push(await sweepPair(deps, inventory, pair));
    const requests = await checksFor(deps, id, swept);
    await deps.crawls.send(requests);
    checks += requests.length;
    all.push(...swept);
  }
  const nowMs = deps.clock.now();
  const isTooLong = ({ pair, presence }: Swept): boolean =>
    presence === 'on' && isUnverified(pair) && nowMs - pair.sinceMs > lapsedAlarmMs;
  for (const one of all) report(deps.log, one, isTooLong(one));
  const count = (is: (one: Swept) => boolean): number => all.filter(is).length;
  return {
    kind: 'swept',
    changed: count(({ changed }) => changed),
    checks,
    away: count(({ pair }) => isAway(pair.state)),
    waiting: count(({ pair }) => pair.state === 'WAITING'),
    held: count(({ pair }) => pair.state === 'HELD'),
    unverifiedTooLong: count(isTooLong),
  };
};
