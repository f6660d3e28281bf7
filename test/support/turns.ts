import { seededRandom } from '../../bench/network/random.ts';

type Call<Result> = () => Promise<Result>;

interface Waiting {
  readonly actor: string;
  readonly go: () => void;
}

/** How often whoever had a turn gets the next one, in one history or another: many mistakes show only when one goes far while another stands still. */
const GOES_ON = [0.7, 0.95, 0.99] as const;

/**
 * Actors that run at once make their calls one at a time, in an order that a seed chooses. A call is everything of it, the SDK's
 * retries too.
 */
export const turns = (seed: number) => {
  const random = seededRandom(seed);
  const goesOn = random.pick(GOES_ON);
  const waiting: Waiting[] = [];
  let isBusy = false;
  let last = '';

  const pick = (): Waiting | undefined => {
    const own = random.chance(goesOn) ? waiting.filter(({ actor }) => actor === last) : [];
    const from = own.length > 0 ? own : waiting;
    if (from.length === 0) return undefined;
    const actor = random.pick([...new Set(from.map((one) => one.actor))]);
    return waiting.splice(
      waiting.findIndex((one) => one.actor === actor),
      1,
    )[0];
  };

  const next = (): void => {
    const chosen = isBusy ? undefined : pick();
    if (chosen === undefined) return;
    isBusy = true;
    last = chosen.actor;
    chosen.go();
  };

  return async <Result>(actor: string, call: Call<Result>): Promise<Result> => {
    await new Promise<void>((go) => {
      waiting.push({ actor, go });
      setImmediate(next);
    });
    try {
      return await call();
    } finally {
      isBusy = false;
      setImmediate(next);
    }
  };
};

export type Turns = ReturnType<typeof turns>;
