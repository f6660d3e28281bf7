/**
 * One host in one category, as a snapshot names it: why it is or is not offered, by which URLs, and on what evidence. Switches
 * come before measurements. A carrier is offered while at least one protocol works and what was compared is not too old; a host
 * declared always current is not compared and needs only the first. Each protocol is listed with one URL, the one its evidence
 * speaks of: the others of the same protocol are spares that nobody looked at. A private host that no crawl reached since it checked in
 * is offered on its own word, with every protocol it declares: its own clients may reach it where we cannot.
 */
import { offersHttp, type SwitchState, urlsOf } from '../crawl/carriage.ts';
import type { CheckInSeen, Evidence, Facts, Observation, ProtocolHealth } from '../crawl/observation.ts';
import { maximumAges, withinAge } from '../freshness/fact-age.ts';
import { isServing } from '../freshness/health.ts';
import type { Carriage, CrawlSchedule, EpochMs } from '../inventory/inventory.ts';
import type { Generation } from '../master/manifest.ts';
import type { CarrierState, SnapshotUrl } from './document.ts';

/** A declared relation and what was measured of it. */
export interface CarrierSubject {
  readonly carriage: Carriage;
  readonly schedule: CrawlSchedule;
  readonly switches: SwitchState;
  /** Only its own clients are sent there: it may speak for itself. */
  readonly private: boolean;
  readonly observation: Observation | undefined;
  readonly facts: Facts | undefined;
}

export interface AssessedCarrier {
  readonly state: CarrierState;
  readonly urls: readonly SnapshotUrl[];
  readonly evidence: Evidence | undefined;
}

const PREFERENCE = ['https', 'http', 'rsync'] as const;

const servingHealth = ({ carriage, schedule, observation }: CarrierSubject, nowMs: EpochMs): readonly ProtocolHealth[] =>
  PREFERENCE.flatMap((protocol) => {
    const health = observation?.health.find((known) => known.protocol === protocol);
    const serves = health !== undefined && isServing(health, maximumAges(schedule).reachMs, nowMs);
    return serves && urlsOf(carriage, protocol).length > 0 ? [health] : [];
  });

const listedUrl = (carriage: Carriage, health: ProtocolHealth): SnapshotUrl[] => {
  const urls = urlsOf(carriage, health.protocol);
  const url = urls.find((base) => health.evidence.url === base || health.evidence.url.startsWith(`${base}/`)) ?? urls[0];
  return url === undefined ? [] : [{ protocol: health.protocol, url }];
};

/** Why nothing works: seen down, or seen working too long ago, or never. */
const silentState = (observation: Observation | undefined): CarrierState => {
  const health = observation?.health ?? [];
  if (health.some(({ state }) => state === 'down')) return 'down';
  return health.some(({ lastOkMs }) => lastOkMs !== undefined) ? 'facts-too-old' : 'never-verified';
};

/** Of a private host, while it is not too old. */
const checkInOf = (subject: CarrierSubject, nowMs: EpochMs): CheckInSeen | undefined => {
  const checkIn = subject.private ? subject.observation?.checkIn : undefined;
  return withinAge(checkIn?.lastMs, maximumAges(subject.schedule).checkInMs, nowMs) ? checkIn : undefined;
};

/** What is offered on the host's word alone; nothing once a crawl reached it, because then the crawl's findings count. */
const ownWord = (subject: CarrierSubject, nowMs: EpochMs): Pick<AssessedCarrier, 'urls' | 'evidence'> | undefined => {
  const checkIn = checkInOf(subject, nowMs);
  const reached = subject.observation?.health.some(
    ({ lastOkMs }) => lastOkMs !== undefined && lastOkMs >= (checkIn?.lastMs ?? 0),
  );
  if (checkIn === undefined || reached === true) return undefined;
  const urls = PREFERENCE.flatMap((protocol) =>
    urlsOf(subject.carriage, protocol)
      .slice(0, 1)
      .map((url) => ({ protocol, url })),
  );
  const evidence = { atMs: checkIn.sinceMs, url: urls[0]?.url ?? '', text: 'the host checks in; no crawl reaches it' };
  return urls.length === 0 ? undefined : { urls, evidence };
};

const comparedState = (subject: CarrierSubject, nowMs: EpochMs): CarrierState => {
  const { carriage, schedule, observation, facts } = subject;
  if (observation === undefined || facts === undefined) return 'never-verified';
  if (checkInOf(subject, nowMs) !== undefined) return 'serving';
  const { heads, full } = observation.checkedMs;
  // Hosts without HTTP are compared only by whole listings.
  const intervalMs = offersHttp(carriage) ? schedule.headsMs : schedule.fullMs;
  const maximumMs = maximumAges({ ...schedule, headsMs: intervalMs }).headsMs;
  return withinAge(Math.max(heads ?? 0, full ?? 0), maximumMs, nowMs) ? 'serving' : 'facts-too-old';
};

export const assessCarrier = (subject: CarrierSubject, nowMs: EpochMs): AssessedCarrier => {
  const { carriage, switches, observation } = subject;
  const serving = servingHealth(subject, nowMs);
  const urls = serving.flatMap((health) => listedUrl(carriage, health));
  const spoken = serving[0] ?? observation?.health.find(({ state }) => state === 'down') ?? observation?.health[0];
  const evidence = spoken?.evidence;
  if (switches !== 'on') return { state: switches, urls, evidence };
  if (urls.length === 0) {
    const word = ownWord(subject, nowMs);
    if (word === undefined) return { state: silentState(observation), urls, evidence };
    return { state: carriage.alwaysCurrent ? 'serving' : comparedState(subject, nowMs), ...word };
  }
  return { state: carriage.alwaysCurrent ? 'serving' : comparedState(subject, nowMs), urls, evidence };
};

/** Generation that loose directories were compared with; `undefined` when that was too long ago. */
export const looseGeneration = (subject: CarrierSubject, nowMs: EpochMs): Generation | undefined => {
  const { schedule, observation } = subject;
  if (observation === undefined) return undefined;
  if (checkInOf(subject, nowMs) !== undefined) return observation.generation;
  const { sample, full } = observation.checkedMs;
  // A host that is only listed whole is compared by the schedule of whole listings.
  const intervalMs = full === undefined ? schedule.sampleMs : Math.max(schedule.sampleMs, schedule.fullMs);
  const maximumMs = maximumAges({ ...schedule, sampleMs: intervalMs }).sampleMs;
  return withinAge(Math.max(sample ?? 0, full ?? 0), maximumMs, nowMs) ? observation.generation : undefined;
};
