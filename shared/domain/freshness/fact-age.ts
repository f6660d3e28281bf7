/**
 * Every fact has a maximum age, after which it is unknown: mirrorbits and MirrorManager2 keep the last scan for ever when later
 * ones fail, and so send clients to mirrors nobody has seen for weeks. A fact may miss two of its regular checks. The floors
 * keep a network with a schedule of seconds from forgetting everything while the crawler itself is restarted.
 */
import type { CrawlSchedule, EpochMs } from '../inventory/inventory.ts';

const CHECKS = 3;
const REACH_FLOOR_MS = 15 * 60_000;
const CONTENT_FLOOR_MS = 60 * 60_000;

/** Hosts check in when they were brought up to date, by a nightly job at the least. */
const CHECK_IN_FLOOR_MS = 3 * 24 * 60 * 60_000;

export interface MaximumAges {
  readonly reachMs: number;
  readonly headsMs: number;
  readonly sampleMs: number;
  /** Of what a host said of itself. */
  readonly checkInMs: number;
}

export const maximumAges = (schedule: CrawlSchedule): MaximumAges => ({
  reachMs: Math.max(CHECKS * schedule.reachMs, REACH_FLOOR_MS),
  headsMs: Math.max(CHECKS * schedule.headsMs, CONTENT_FLOOR_MS),
  sampleMs: Math.max(CHECKS * schedule.sampleMs, CONTENT_FLOOR_MS),
  checkInMs: Math.max(CHECKS * schedule.sampleMs, CHECK_IN_FLOOR_MS),
});

export const withinAge = (provedMs: EpochMs | undefined, maximumMs: number, nowMs: EpochMs): boolean =>
  provedMs !== undefined && nowMs - provedMs <= maximumMs;
