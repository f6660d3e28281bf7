import { setTimeout as delay } from 'node:timers/promises';

/** Runs `work` again `pauseMs` after it ended, until the signal fires. A failure is reported and does not end the repetition. */
export async function repeat(
  pauseMs: number,
  signal: AbortSignal,
  work: () => Promise<void>,
  onFault: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      await work();
    } catch (error) {
      if (!signal.aborted) onFault(error);
    }
  }
}
