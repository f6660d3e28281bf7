import { retryDelayMs } from '#domain/artefact/splay.ts';
import type { Report } from '../../report/report.ts';
import { NetworkProblem } from '../fetch-outcome.ts';
import type { FetchWorld } from '../fetch-world.ts';

/**
 * Tries until it succeeds, or there have been too many attempts, in a row without progress or in all. `progress` is any number that
 * grows when an attempt brought something that the next one need not bring again.
 */
export async function attempts<Value>(
  world: FetchWorld,
  report: Report,
  act: () => Promise<Value>,
  progress: () => number = () => 0,
): Promise<Value> {
  let fruitless = 0;
  for (let all = 1; ; all += 1) {
    const before = progress();
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof NetworkProblem)) throw error;
      fruitless = progress() > before ? 1 : fruitless + 1;
      const exhausted = fruitless >= world.pace.attempts || all >= world.pace.mostAttempts;
      const delayMs = retryDelayMs(world.pace, fruitless - 1, world.random(), error.afterMs);
      if (!error.again || exhausted || delayMs === undefined) throw given(error, all, delayMs === undefined);
      report.note('retry', `${error.message}; attempt ${all + 1} in ${Math.round(delayMs / 100) / 10} s`, {
        attempt: all + 1,
        delayMs,
      });
      await world.sleep(delayMs);
    }
  }
}

function given(error: NetworkProblem, attempt: number, impatient: boolean): NetworkProblem {
  if (impatient)
    return new NetworkProblem(`${error.message}, to be asked again only in ${error.afterMs} ms`, false, { cause: error });
  return attempt === 1 ? error : new NetworkProblem(`${error.message} (attempt ${attempt})`, false, { cause: error });
}
