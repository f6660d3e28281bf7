import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '#ports/clock.ts';

/**
 * Well below the time of the function. Whoever lost a race tries again soon and often: some other writer always won, and who
 * waits long between tries loses against those who never have to.
 */
const GIVE_UP_MS = 15_000;
const LONGEST_WAIT_MS = 20;

/** Undefined when others were faster for so long. */
export const untilWritten = async <Outcome>(
  clock: Clock,
  attempt: (isFirst: boolean) => Promise<Outcome | undefined>,
): Promise<Outcome | undefined> => {
  const untilMs = clock.now() + GIVE_UP_MS;
  for (let isFirst = true; isFirst || clock.now() < untilMs; isFirst = false) {
    const outcome = await attempt(isFirst);
    if (outcome !== undefined) return outcome;
    await delay(Math.random() * LONGEST_WAIT_MS);
  }
  return undefined;
};
