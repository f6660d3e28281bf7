import { type SwitchState, switchState } from '#domain/crawl/carriage.ts';
import type { Observation } from '#domain/crawl/observation.ts';
import { type CrawlSubject, observe, type SeenBefore } from '#domain/crawl/observe.ts';
import type { Carriage, Category, CrawlPolicy, EpochMs, Inventory } from '#domain/inventory/inventory.ts';
import { changesAnswers } from '#domain/snapshot/answer-basis.ts';
import type { CrawlRequest } from '#ports/crawl-queue.ts';
import type { ManifestStore } from '#ports/manifest-store.ts';
import type { FactsStore, Fence, ObservationStore } from '#ports/observation-store.ts';
import { checkMirror, type Peers } from './check-mirror.ts';
import type { CrawlTimes } from './config.ts';
import { type SettleDrainDeps, settleDrain } from './settle-drain.ts';
import type { WarmReads } from './warm-reads.ts';

export interface CrawlMirrorDeps extends SettleDrainDeps {
  readonly reads: WarmReads;
  readonly manifests: Pick<ManifestStore, 'pointer'>;
  readonly observations: Pick<ObservationStore, 'acquire' | 'write'>;
  readonly facts: FactsStore;
  /** Peers that obey the network's own crawl policy: identity, address guard, ports. */
  readonly peers: (policy: CrawlPolicy) => Peers;
  readonly times: CrawlTimes;
}

/** A dead mirror is a successful crawl: every outcome means that the message is done. */
export type CrawlOutcome =
  | { readonly kind: 'crawled'; readonly observation: Observation }
  /** The inventory no longer has the host, the category or their relation, or somebody switched it off. */
  | { readonly kind: 'not-wanted'; readonly reason: 'not-carried' | Exclude<SwitchState, 'on'> }
  | { readonly kind: 'no-manifest' }
  /** Somebody writes into the tree: what it holds now says nothing, neither for nor against it. */
  | { readonly kind: 'synchronising' }
  | { readonly kind: 'held'; readonly untilMs: EpochMs }
  /** A check of this kind ended after this one was planned: the message came twice, or late. */
  | { readonly kind: 'already-done' }
  | { readonly kind: 'too-early'; readonly notBeforeMs: EpochMs }
  /** The lease lapsed and somebody else has it: what was seen here is dropped. */
  | { readonly kind: 'lost' };

type Wanted =
  | { readonly kind: 'wanted'; readonly carriage: Carriage; readonly category: Category }
  | Extract<CrawlOutcome, { kind: 'not-wanted' }>;

const findWanted = (inventory: Inventory, request: CrawlRequest): Wanted => {
  const host = inventory.hosts.find(({ id }) => id === request.host);
  const category = inventory.categories.find(({ id }) => id === request.category);
  const carriage = host?.carries.find((carried) => carried.category === request.category);
  if (host === undefined || category === undefined || carriage === undefined)
    return { kind: 'not-wanted', reason: 'not-carried' };
  const site = inventory.sites.find(({ id }) => id === host.site);
  const state = switchState(host, site);
  return state === 'on' ? { kind: 'wanted', carriage, category } : { kind: 'not-wanted', reason: state };
};

const seenBefore = async (deps: CrawlMirrorDeps, observation: Observation | undefined): Promise<SeenBefore | undefined> => {
  if (observation === undefined) return undefined;
  const facts = observation.facts === undefined ? undefined : await deps.facts.get(observation.category, observation.facts);
  if (observation.facts !== undefined && facts === undefined) {
    deps.log.error('facts object is missing; comparing anew', { host: observation.host, category: observation.category });
  }
  return { observation, compared: facts === undefined ? undefined : { generation: observation.generation, facts } };
};

/** Why a check that was planned is not made any more. */
const notNow = (seen: Observation | undefined, request: CrawlRequest, nowMs: EpochMs): CrawlOutcome | undefined => {
  if (seen === undefined) return undefined;
  if ((seen.checkedMs[request.check] ?? -1) >= request.plannedMs) return { kind: 'already-done' };
  return nowMs < seen.notBeforeMs ? { kind: 'too-early', notBeforeMs: seen.notBeforeMs } : undefined;
};

/** Facts before the observation that names them: whoever is killed in between leaves an object that nobody names. */
const record = async (deps: CrawlMirrorDeps, observed: ReturnType<typeof observe>, fence: Fence): Promise<CrawlOutcome> => {
  const facts = observed.facts === undefined ? observed.observation.facts : await deps.facts.put(observed.facts);
  const observation: Observation = { ...observed.observation, facts };
  const written = await deps.observations.write(observation, fence);
  return written.kind === 'lost' ? { kind: 'lost' } : { kind: 'crawled', observation };
};

/** Killed before this, the schedule publishes all the same, a minute later. */
const tellPublisher = async (
  { publish }: CrawlMirrorDeps,
  request: CrawlRequest,
  before: Observation | undefined,
  outcome: CrawlOutcome,
): Promise<void> => {
  if (request.publish !== true || outcome.kind !== 'crawled') return;
  if (changesAnswers(before, outcome.observation)) await publish.soon('a crawl that was asked for found a change');
};

/**
 * One host in one category: lease, probe, facts, fenced observation. The lease outlives the function (see `CrawlTimes`), so it
 * is never renewed; a crawl that was killed leaves it to lapse, and the plan asks again, since nothing was written.
 */
export const crawlMirror = async (deps: CrawlMirrorDeps, request: CrawlRequest): Promise<CrawlOutcome> => {
  const inventory = await deps.reads.inventory(request.plannedMs);
  const wanted = findWanted(inventory, request);
  if (wanted.kind !== 'wanted') return wanted;
  const pointer = await deps.manifests.pointer(request.category);
  if (pointer === undefined) return { kind: 'no-manifest' };
  const pair = await deps.drains.pair({ host: request.host, category: request.category });
  if (pair?.state === 'SYNCING') return { kind: 'synchronising' };
  const { manifest, coverage } = await deps.reads.master(pointer);

  const nowMs = deps.clock.now();
  const lease = await deps.observations.acquire(request.host, request.category, nowMs, nowMs + deps.times.leaseMs);
  if (lease.kind === 'held') return lease;
  const refused = notNow(lease.observation, request, nowMs);
  if (refused !== undefined) {
    // Writing back what was read gives the lease back.
    if (lease.observation !== undefined) await deps.observations.write(lease.observation, lease.fence);
    return refused;
  }
  const before = await seenBefore(deps, lease.observation);
  const subject: CrawlSubject = {
    host: request.host,
    category: request.category,
    carriage: wanted.carriage,
    schedule: wanted.category.schedule,
    manifest,
    coverage,
  };
  const policy = inventory.settings.crawl;
  const report = await checkMirror(deps.peers(policy), deps.clock, policy, subject, before, request.check, deps.times.checkMs);
  const observed = observe(subject, before, report);
  const outcome = await record(deps, observed, lease.fence);
  if (outcome.kind === 'crawled') await settleDrain(deps, pair, subject, report, observed.facts, inventory.settings.drain);
  await tellPublisher(deps, request, lease.observation, outcome);
  deps.log.info('crawled', {
    host: request.host,
    category: request.category,
    check: request.check,
    outcome: outcome.kind,
    protocols: report.protocols.map(({ protocol, kind, evidence }) => `${protocol} ${kind}: ${evidence.text}`),
    notBeforeMs: report.notBeforeMs,
  });
  return outcome;
};
