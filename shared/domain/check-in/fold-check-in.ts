/**
 * What is known of a host after its check-in. The claim takes the place of a comparison; health is left as it is, since nobody
 * reached anything. A host that some protocol of was reached lately is not believed but looked at, whether private or not.
 */
import type { CheckInSeen, Facts, Observation } from '../crawl/observation.ts';
import { maximumAges, withinAge } from '../freshness/fact-age.ts';
import { isNewest } from '../freshness/facts.ts';
import { isServing } from '../freshness/health.ts';
import type { CategoryId, CrawlSchedule, EpochMs, HostId } from '../inventory/inventory.ts';
import type { ClaimedMaster } from './claimed-facts.ts';

/** A crawl can see for itself. */
export const isReachable = (seen: Observation | undefined, schedule: CrawlSchedule, nowMs: EpochMs): boolean =>
  (seen?.health ?? []).some((health) => isServing(health, maximumAges(schedule).reachMs, nowMs));

export interface CheckInSubject {
  readonly host: HostId;
  readonly category: CategoryId;
  readonly schedule: CrawlSchedule;
}

const nextCheckIn = (before: CheckInSeen | undefined, maximumMs: number, nowMs: EpochMs): CheckInSeen => {
  const unbroken = before !== undefined && withinAge(before.lastMs, maximumMs, nowMs);
  return { sinceMs: unbroken ? before.sinceMs : nowMs, lastMs: nowMs };
};

/** Its `facts` still names the facts before; whoever stores these puts their name there. */
export const foldCheckIn = (
  { host, category, schedule }: CheckInSubject,
  { manifest, coverage }: ClaimedMaster,
  before: Observation | undefined,
  facts: Facts,
  nowMs: EpochMs,
): Observation => ({
  host,
  category,
  generation: manifest.generation,
  facts: before?.facts,
  health: before?.health ?? [],
  checkedMs: before?.checkedMs ?? {},
  unproven: 0,
  behind: coverage.trees.filter(
    (tree) => !(Object.hasOwn(facts.heads, tree.headPath) && isNewest(tree, facts.heads[tree.headPath])),
  ).length,
  checkIn: nextCheckIn(before?.checkIn, maximumAges(schedule).checkInMs, nowMs),
  notBeforeMs: before?.notBeforeMs ?? 0,
  evidence: before?.evidence ?? [],
});
