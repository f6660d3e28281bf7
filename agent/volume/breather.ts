import { setImmediate as turn } from 'node:timers/promises';

/** Lets signals and timers have their turn now and then: those wait for ever for what only awaits what is there already. */
export const breather = (everyMs = 50): (() => Promise<void>) => {
  let lastMs = performance.now();
  return async () => {
    if (performance.now() - lastMs < everyMs) return;
    await turn();
    lastMs = performance.now();
  };
};
