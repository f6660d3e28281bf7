import {
  type Carried,
  CHECK_IN_INTERVAL_MS,
  type CheckInClaim,
  checkInTarget,
  hintedCheck,
  tooSoonMs,
} from '#domain/check-in/check-in.ts';
import { type ClaimedMaster, claimedFacts, countDirectories, type DirectoryCounts } from '#domain/check-in/claimed-facts.ts';
import { foldCheckIn, isReachable } from '#domain/check-in/fold-check-in.ts';
import type { Facts, Observation } from '#domain/crawl/observation.ts';
import type { ComparedFacts } from '#domain/freshness/facts.ts';
import type { CategoryId } from '#domain/inventory/inventory.ts';
import { changesAnswers } from '#domain/snapshot/answer-basis.ts';
import type { ManifestPointer } from '#ports/manifest-store.ts';
import type { LeaseGrant } from '#ports/observation-store.ts';
import type { CheckInResult } from '#wire/check-in/check-in-body.ts';
import type { CheckInDeps } from './hosts-deps.ts';
import type { KnownHost } from './network-reads.ts';

export interface CheckInOutcome {
  readonly result: CheckInResult;
  readonly retryAfterMs?: number | undefined;
  readonly manifestDigest?: string | undefined;
  /** Of a recorded list of directories. */
  readonly counts?: DirectoryCounts | undefined;
}

/** What is asked of one category, once it is known to be carried and scanned. */
interface Subject {
  readonly known: KnownHost;
  readonly target: Carried;
  readonly pointer: ManifestPointer;
}

type Granted = Extract<LeaseGrant, { kind: 'granted' }>;

/** Longer than a request may run: a request that dies leaves it to lapse. */
const LEASE_MS = 35_000;
const TRY_AGAIN_MS = 500;
/** A crawl of a host that cannot be reached holds the lease for some seconds. */
const MOST_TRIES = 20;

/**
 * Makes us look at the host, at once and in the queue's order. Noted after it was sent: killed in between, the repetition is the same
 * request to the queue, which drops it.
 */
const hint = async (deps: CheckInDeps, { known, target, pointer }: Subject): Promise<CheckInOutcome> => {
  const [host, category] = [known.host.id, target.category.id];
  const nowMs = deps.clock.now();
  const manifestDigest = pointer.name;
  const retryAfterMs = tooSoonMs(await deps.hints.last(host, category), nowMs);
  if (retryAfterMs !== undefined) return { result: 'too_soon', retryAfterMs, manifestDigest };
  const check = hintedCheck(target.carriage);
  // Equal for two that raced past the note: the queue takes one of them.
  const slotMs = Math.floor(nowMs / CHECK_IN_INTERVAL_MS) * CHECK_IN_INTERVAL_MS;
  await deps.crawls.send([
    { host, category, check, generation: pointer.generation, plannedMs: nowMs, basedOnMs: slotMs, publish: true },
  ]);
  await deps.hints.note(host, category, nowMs);
  return { result: 'probing', manifestDigest };
};

const comparedBefore = async (deps: CheckInDeps, seen: Observation | undefined): Promise<ComparedFacts | undefined> => {
  const facts = seen?.facts === undefined ? undefined : await deps.facts.get(seen.category, seen.facts);
  return seen === undefined || facts === undefined ? undefined : { generation: seen.generation, facts };
};

const acquire = async (deps: CheckInDeps, host: string, category: CategoryId): Promise<LeaseGrant> => {
  for (let tries = 1; ; tries += 1) {
    const nowMs = deps.clock.now();
    const lease = await deps.observations.acquire(host, category, nowMs, nowMs + LEASE_MS);
    if (lease.kind === 'granted' || tries === MOST_TRIES) return lease;
    await deps.pause(TRY_AGAIN_MS);
  }
};

/** A claim that can be taken, whatever is known of the host. */
interface Believable {
  readonly subject: Subject;
  readonly master: ClaimedMaster;
  readonly facts: (before: ComparedFacts | undefined) => Facts;
}

const record = async (
  deps: CheckInDeps,
  { subject: { known, target, pointer }, master, facts }: Believable,
  { observation: before, fence }: Granted,
): Promise<CheckInOutcome> => {
  const compared = await comparedBefore(deps, before);
  const held = facts(compared);
  const { schedule, id: category } = target.category;
  const folded = foldCheckIn({ host: known.host.id, category, schedule }, master, before, held, deps.clock.now());
  const observation = { ...folded, facts: await deps.facts.put(held) };
  const written = await deps.observations.write(observation, fence);
  if (written.kind === 'lost') return { result: 'busy', retryAfterMs: TRY_AGAIN_MS };
  if (changesAnswers(before, observation)) await deps.publish.soon('a host checked in with a new state');
  return { result: 'recorded', manifestDigest: pointer.name, counts: countDirectories(master, compared, held) };
};

/** Under the lease: believes the host, unless it was just heard or a crawl can see for itself. */
const decide = async (deps: CheckInDeps, claim: Believable, lease: Granted): Promise<CheckInOutcome> => {
  const { target, pointer } = claim.subject;
  const before = lease.observation;
  const nowMs = deps.clock.now();
  const retryAfterMs = tooSoonMs(before?.checkIn?.lastMs, nowMs);
  const reachable = isReachable(before, target.category.schedule, nowMs);
  if (before === undefined || (retryAfterMs === undefined && !reachable)) return record(deps, claim, lease);
  // Writing back what was read gives the lease back.
  await deps.observations.write(before, lease.fence);
  return retryAfterMs === undefined
    ? hint(deps, claim.subject)
    : { result: 'too_soon', retryAfterMs, manifestDigest: pointer.name };
};

/** One category of one check-in, from any client. */
export const checkIn = async (
  deps: CheckInDeps,
  known: KnownHost,
  category: CategoryId,
  claim: CheckInClaim,
): Promise<CheckInOutcome> => {
  const target = checkInTarget(known.inventory, known.host, category);
  if (target.kind !== 'carried') return { result: target.kind };
  const pointer = await deps.manifests.pointer(category);
  if (pointer === undefined) return { result: 'not_scanned' };
  const subject: Subject = { known, target, pointer };
  if (!target.private || claim.kind === 'synced') return hint(deps, subject);
  const master = await deps.reads.master(claim.kind === 'manifest' ? { ...pointer, name: claim.digest } : pointer);
  if (master === undefined) return { result: 'unknown_manifest', manifestDigest: pointer.name };
  const facts = claimedFacts(master, claim);
  if (facts === undefined) return { result: 'nothing_known', manifestDigest: pointer.name };
  const lease = await acquire(deps, known.host.id, category);
  if (lease.kind === 'held') return { result: 'busy', retryAfterMs: Math.max(1, lease.untilMs - deps.clock.now()) };
  return decide(deps, { subject, master, facts }, lease);
};
