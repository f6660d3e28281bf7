/** Anybody's first wish to end the process: a signal, or the end of the process that started us. */
export interface StopSignal {
  readonly signal: AbortSignal;
  /** `SIGINT`, `SIGTERM`, `SIGHUP` or `parent gone`. */
  readonly reason: () => string | undefined;
}

/** One Ctrl-C reaches us up to three times within milliseconds: from the terminal, from npm, from the bootstrap. */
const SAME_WISH_MS = 1_000;
const PARENT_POLL_MS = 1_000;
const FORCED_EXIT = 130;

/**
 * The first signal asks for an orderly end, a second one, at least a second later, ends at once. With `parentPid`, the end of
 * that process, by kill -9 for instance, counts as the first.
 */
export function stopSignal(parentPid: number | undefined): StopSignal {
  const controller = new AbortController();
  let firstMs: number | undefined;
  let reason: string | undefined;
  const ask = (why: string): void => {
    const nowMs = Date.now();
    if (firstMs === undefined) {
      firstMs = nowMs;
      reason = why;
      controller.abort();
    } else if (nowMs - firstMs > SAME_WISH_MS) {
      process.exit(FORCED_EXIT);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ask(signal));
  if (parentPid !== undefined) {
    setInterval(() => {
      if (process.ppid !== parentPid && firstMs === undefined) ask('parent gone');
    }, PARENT_POLL_MS).unref();
  }
  return { signal: controller.signal, reason: () => reason };
}
