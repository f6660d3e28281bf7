const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;
type Signal = (typeof SIGNALS)[number];

/** A terminal sends these to the whole group of processes in its foreground, the command included. */
const FROM_KEYBOARD: readonly Signal[] = ['SIGINT', 'SIGQUIT'];
/** Those that mean: stop. */
const STOPS: readonly Signal[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/** Signals of this process: the command's while it runs, otherwise a wish to stop. */
export interface Signals {
  /** Aborted by the first wish to stop. */
  readonly stop: AbortSignal;
  /** Aborted by the second: not even the end is told to the service then. */
  readonly stopAtOnce: AbortSignal;
  /** Passes signals on until called with undefined. */
  readonly relayTo: (deliver: ((signal: NodeJS.Signals) => void) | undefined) => void;
  readonly end: () => void;
}

export function signals(isInteractive: boolean): Signals {
  const stop = new AbortController();
  const stopAtOnce = new AbortController();
  let relay: ((signal: NodeJS.Signals) => void) | undefined;
  const handlers = SIGNALS.map((signal) => {
    const handler = (): void => {
      if (relay !== undefined && !(isInteractive && FROM_KEYBOARD.includes(signal))) relay(signal);
      if (!STOPS.includes(signal)) return;
      if (relay === undefined && stop.signal.aborted) stopAtOnce.abort();
      stop.abort();
    };
    process.on(signal, handler);
    return { signal, handler };
  });
  return {
    stop: stop.signal,
    stopAtOnce: stopAtOnce.signal,
    relayTo: (deliver) => {
      relay = deliver;
    },
    end: () => {
      for (const { signal, handler } of handlers) process.off(signal, handler);
    },
  };
}
