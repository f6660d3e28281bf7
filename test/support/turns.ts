type Call<Result> = () => Promise<Result>;

interface Waiting {
  readonly actor: string;
  readonly go: () => void;
}

/** mulberry32: small, seeded, good enough to choose moments. */
const randomFrom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** How often whoever had a turn gets the next one, in one history or another: many mistakes show only when one goes far while another stands still. */
const GOES_ON = [0.7, 0.95, 0.99] as const;

/**
 * Actors that run at once make their calls one at a time, in an order that a seed chooses. A call is everything of it, the SDK's
 * retries too.
 */
export const turns = (seed: number) => {
  const random = randomFrom(seed);
  const goesOn = GOES_ON[Math.floor(random() * GOES_ON.length)] ?? 0;
  const waiting: Waiting[] = [];
  let isBusy = false;
  let last = '';

  const pick = (): Waiting | undefined => {
    const own = random() < goesOn ? waiting.filter(({ actor }) => actor === last) : [];
    const from = own.length > 0 ? own : waiting;
    const actors = [...new Set(from.map(({ actor }) => actor))];
    const actor = actors[Math.floor(random() * actors.length)];
    const at = waiting.findIndex((one) => one.actor === actor);
    return at === -1 ? undefined : waiting.splice(at, 1)[0];
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
