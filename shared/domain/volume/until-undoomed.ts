/**
 * Waits until none of the objects is doomed any more. A sweeper removes or spares each within minutes, and what is there afterwards
 * stays, so whoever counts on objects asks for their dooms first and looks for them second (see garbage.ts).
 */
import type { Sha256 } from './tree.ts';

/** Between two looks whether a doom is over. */
const PAUSE_MS = 5_000;

export interface DoomWaiting {
  /** Those of the objects that are doomed. */
  readonly doomed: (objects: readonly Sha256[]) => Promise<ReadonlySet<Sha256>>;
  /** Resolves after so many milliseconds. */
  readonly pause: (ms: number) => Promise<void>;
  /** Before each pause; throws when there is no time for one. */
  readonly mayWait: (doomed: number) => Promise<void> | void;
}

export const untilUndoomed = async ({ doomed, pause, mayWait }: DoomWaiting, objects: readonly Sha256[]): Promise<void> => {
  let left = await doomed(objects);
  while (left.size > 0) {
    await mayWait(left.size);
    await pause(PAUSE_MS);
    left = await doomed([...left]);
  }
};
