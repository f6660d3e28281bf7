import { setTimeout as delay } from 'node:timers/promises';
import type { FunctionJournal } from './function-journal.ts';
import type { Stage } from './stage-functions.ts';

/** The outcome that a scheduled stage logged; its `kind` says how it ended. */
export type StageOutcome = Readonly<Record<string, unknown>>;

/** The log line follows the function's end through another channel of the thread; it is late by milliseconds, if at all. */
const LINE_WITHIN_MS = 3_000;

/**
 * Runs a stage that a schedule calls, and returns the outcome that it logged: to a schedule such a function returns nothing. For
 * stages of which one instance runs at a time. Rejects as the function does.
 */
export async function runStage(
  journal: FunctionJournal,
  invoke: (stage: Stage, event: unknown) => Promise<unknown>,
  stage: Stage,
  event: unknown,
): Promise<StageOutcome> {
  const timer = new AbortController();
  const logged = new Promise<StageOutcome>((resolve) => {
    const stop = journal.onLine((line) => {
      if (line.stage !== stage || line.message !== 'run ended') return;
      stop();
      const outcome = line.fields['outcome'];
      resolve(typeof outcome === 'object' && outcome !== null ? (outcome as StageOutcome) : {});
    });
    timer.signal.addEventListener('abort', stop);
  });
  try {
    await invoke(stage, event);
    const late = delay(LINE_WITHIN_MS, {}, { signal: timer.signal }).catch(() => ({}));
    return await Promise.race([logged, late]);
  } finally {
    timer.abort();
  }
}
