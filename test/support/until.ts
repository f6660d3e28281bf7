import { setTimeout as pause } from 'node:timers/promises';

/** Asks again until the condition holds; fails with what was seen last when it does not within the time. */
export const until = async <T>(
  what: string,
  ask: () => Promise<T>,
  holds: (value: T) => boolean,
  timeoutMs = 60_000,
): Promise<T> => {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (holds(value)) return value;
    if (Date.now() > deadline)
      throw new Error(`${what} did not come about within ${timeoutMs} ms; last seen: ${JSON.stringify(value, undefined, 1)}`);
    await pause(100);
  }
};
