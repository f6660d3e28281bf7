/**
 * Something that changes elsewhere, as this process knows it. Time between requests does not exist for a function, so the request
 * that finds the value old asks for it, and everybody else is answered meanwhile from what is held. When it cannot be had, what is
 * held goes on being true.
 */
import type { EpochMs } from '#domain/inventory/inventory.ts';
import type { Clock } from '#ports/clock.ts';

export interface HeldValue<Value> {
  /** As of a moment ago; an older one when it cannot be had. Throws while there never was one. */
  current(): Promise<Value>;
  /** As of a moment after this call. Throws when it cannot be had. */
  fresh(): Promise<Value>;
}

export interface Holding<Value> {
  readonly everyMs: number;
  /** `before` is what is held, for loaders that can see that nothing changed. */
  readonly load: (before: Value | undefined) => Promise<Value>;
  readonly clock: Clock;
  readonly onFault: (error: unknown) => void;
}

/** After a failure each try may take seconds, which somebody waits. */
const AFTER_FAULT_MS = 5_000;

export const heldValue = <Value>({ everyMs, load, clock, onFault }: Holding<Value>): HeldValue<Value> => {
  let held: { readonly value: Value } | undefined;
  let nextMs: EpochMs = Number.NEGATIVE_INFINITY;
  let loading: Promise<Value> | undefined;
  let following: Promise<Value> | undefined;

  const ask = async (): Promise<Value> => {
    nextMs = clock.now() + everyMs;
    try {
      const value = await load(held?.value);
      held = { value };
      return value;
    } catch (error) {
      nextMs = clock.now() + AFTER_FAULT_MS;
      throw error;
    } finally {
      loading = undefined;
    }
  };
  const start = (): Promise<Value> => {
    loading = ask();
    return loading;
  };
  const again = (): Promise<Value> => {
    following = undefined;
    return start();
  };

  return {
    current: async () => {
      const isOld = clock.now() >= nextMs;
      if (held !== undefined && (!isOld || loading !== undefined)) return held.value;
      try {
        return await (loading ?? start());
      } catch (error) {
        if (held === undefined) throw error;
        onFault(error);
        return held.value;
      }
    },
    fresh: () => {
      // What is being loaded now may have been asked for before the call.
      if (loading === undefined) return start();
      following ??= loading.then(again, again);
      return following;
    },
  };
};
