/**
 * Which mirrors are asked now, and how much: pure, from what people declared and what was last seen, so that planning twice asks
 * nothing new. Of the kinds of check that are due the dearest is planned, since it includes the others. After a master change
 * every host that does not yet serve the newest heads is asked for them at a few ages of the change; a host with directories
 * that nobody proved is sampled again soon. A mirror is never asked before the moment it named itself, nor while it is switched
 * off. Intervals are stretched by up to a tenth, by a hash of host and category, so that hosts added together drift apart.
 */
import { isSuspect } from '../freshness/health.ts';
import type { Carriage, Category, CategoryId, CrawlSchedule, EpochMs, Host, HostId, Inventory } from '../inventory/inventory.ts';
import type { Generation } from '../master/manifest.ts';
import { offersHttp, offersRsync, sitesById, switchState } from './carriage.ts';
import type { CheckKind, Observation } from './observation.ts';
import { soonMs, suspectMs } from './pace.ts';
import { spread } from './spread.ts';

/** What planning needs of the manifest's pointer. */
export interface MasterState {
  readonly category: CategoryId;
  readonly generation: Generation;
  readonly changedMs: EpochMs;
}

/** One host, one category, one kind of check. */
export interface PlannedCheck {
  readonly host: HostId;
  readonly category: CategoryId;
  readonly check: CheckKind;
  /** The manifest generation the plan knew; a later one may be used. */
  readonly generation: Generation;
  readonly plannedMs: EpochMs;
  /** The latest moment that the plan knew of this pair, 0 when it knew nothing: plans on the same knowledge ask the same. */
  readonly basedOnMs: EpochMs;
}

const JITTER_SHARE = 0.1;
const JITTER_LIMIT_MS = 60_000;

interface Subject {
  readonly carriage: Carriage;
  readonly schedule: CrawlSchedule;
  readonly master: MasterState;
  readonly seen: Observation;
  /** 0 to 1. */
  readonly place: number;
  readonly nowMs: EpochMs;
}

const elapsed = ({ seen, place, nowMs }: Subject, check: CheckKind, intervalMs: number): boolean => {
  const last = seen.checkedMs[check];
  return last === undefined || nowMs >= last + intervalMs * (1 + JITTER_SHARE * place);
};

const isInSync = ({ seen, master }: Subject): boolean => seen.generation === master.generation && seen.behind === 0;

/** True from each age of the master change on, until the content was looked at after it. */
const isProbeDue = (subject: Subject): boolean => {
  const { schedule, master, seen, place, nowMs } = subject;
  if (isInSync(subject)) return false;
  const jitterMs = Math.min(JITTER_LIMIT_MS, schedule.headsMs * JITTER_SHARE) * place;
  const passed = schedule.probeAfterChangeMs.map((age) => master.changedMs + age + jitterMs).filter((moment) => moment <= nowMs);
  const lookedMs = offersHttp(subject.carriage) ? seen.checkedMs.heads : seen.checkedMs.full;
  return passed.length > 0 && (lookedMs ?? 0) < Math.max(...passed);
};

const isReachDue = (subject: Subject): boolean => {
  const { schedule, seen, nowMs } = subject;
  const suspect = seen.health.some((health) => isSuspect(health) && nowMs >= health.evidence.atMs + suspectMs(schedule));
  return elapsed(subject, 'reach', schedule.reachMs) || (suspect && elapsed(subject, 'reach', suspectMs(schedule)));
};

const isSampleDue = (subject: Subject): boolean =>
  elapsed(subject, 'sample', subject.schedule.sampleMs) ||
  (subject.seen.unproven > 0 && elapsed(subject, 'sample', soonMs(subject.schedule)));

/** The dearest kind of check that is due. */
const dueCheck = (subject: Subject): CheckKind | undefined => {
  const { carriage, schedule } = subject;
  if (!carriage.alwaysCurrent) {
    const http = offersHttp(carriage);
    const probe = isProbeDue(subject);
    if (offersRsync(carriage) && (elapsed(subject, 'full', schedule.fullMs) || (!http && probe))) return 'full';
    if (http && isSampleDue(subject)) return 'sample';
    if (http && (probe || elapsed(subject, 'heads', schedule.headsMs))) return 'heads';
  }
  return isReachDue(subject) ? 'reach' : undefined;
};

const firstCheck = (carriage: Carriage): CheckKind => {
  if (carriage.alwaysCurrent) return 'reach';
  return offersRsync(carriage) ? 'full' : 'sample';
};

/** Every check leaves its mark in one of these, also the one that failed. */
const latestKnownMs = (seen: Observation): EpochMs => Math.max(seen.notBeforeMs, ...Object.values(seen.checkedMs));

const planCarriage = (
  host: Host,
  carriage: Carriage,
  category: Category,
  master: MasterState,
  seen: Observation | undefined,
  nowMs: EpochMs,
): PlannedCheck | undefined => {
  if (!(offersHttp(carriage) || offersRsync(carriage))) return undefined;
  if (seen !== undefined && nowMs < seen.notBeforeMs) return undefined;
  const place = spread(`${host.id}/${category.id}`);
  const check =
    seen === undefined ? firstCheck(carriage) : dueCheck({ carriage, schedule: category.schedule, master, seen, place, nowMs });
  if (check === undefined) return undefined;
  const basedOnMs = seen === undefined ? 0 : latestKnownMs(seen);
  return { host: host.id, category: category.id, check, generation: master.generation, plannedMs: nowMs, basedOnMs };
};

/** At most one check for each host and category, in the inventory's order. Categories without a manifest have nothing to compare. */
export const planCrawls = (
  inventory: Inventory,
  masters: readonly MasterState[],
  observations: readonly Observation[],
  nowMs: EpochMs,
): readonly PlannedCheck[] => {
  const sites = sitesById(inventory);
  const categories = new Map(inventory.categories.map((category) => [category.id, category]));
  const masterOf = new Map(masters.map((master) => [master.category, master]));
  const seen = new Map(observations.map((observation) => [`${observation.host}/${observation.category}`, observation]));
  return inventory.hosts
    .filter((host) => switchState(host, sites.get(host.site)) === 'on')
    .flatMap((host) =>
      host.carries.flatMap((carriage) => {
        const category = categories.get(carriage.category);
        const master = masterOf.get(carriage.category);
        if (category === undefined || master === undefined) return [];
        const known = seen.get(`${host.id}/${carriage.category}`);
        return planCarriage(host, carriage, category, master, known, nowMs) ?? [];
      }),
    );
};
