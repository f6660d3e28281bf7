/**
 * How soon a mirror may be asked again. A mirror that failed is asked again after a minute, then after twice as long each time,
 * but at least as often as any mirror is; httpredir does so after two failures. What a mirror asks for itself is obeyed up to a
 * day: a longer wait is a mistake or an attempt to stay listed unseen.
 */
import type { CrawlSchedule } from '../inventory/inventory.ts';

const FIRST_RETRY_MS = 60_000;
const APART_MS = 30_000;
const LONGEST_OBEYED_MS = 24 * 60 * 60_000;
const SHORTEST_OBEYED_MS = 60_000;
const SOON_MS = 5 * 60_000;
const SUSPECT_MS = 2 * 60_000;

export const retryAfterFailureMs = (schedule: CrawlSchedule, consecutiveFailures: number): number =>
  Math.min(schedule.reachMs, FIRST_RETRY_MS * 2 ** Math.min(20, Math.max(0, consecutiveFailures - 1)));

/** Failures closer together are one failure: a message delivered twice is not a second look. */
export const failuresApartMs = (schedule: CrawlSchedule): number => Math.min(schedule.reachMs, APART_MS);

export const obeyedWaitMs = (askedMs: number): number => Math.min(LONGEST_OBEYED_MS, Math.max(SHORTEST_OBEYED_MS, askedMs));

/** Pause between the checks that prove what is still unproven. */
export const soonMs = (schedule: CrawlSchedule): number => Math.min(schedule.sampleMs, SOON_MS);

/** A protocol that failed once is looked at again this much later. */
export const suspectMs = (schedule: CrawlSchedule): number => Math.min(schedule.reachMs, SUSPECT_MS);
