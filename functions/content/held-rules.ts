import type { Clock } from '#ports/clock.ts';
import type { ContentRulesStore, NetworkContent } from '#ports/content-rules-store.ts';
import type { Log } from '#ports/log.ts';
import { type HeldValue, heldValue } from './held-value.ts';

/** The store keeps them for longer by itself; here they outlive a table that does not answer. */
const EVERY_MS = 1_000;

export const heldRules = (store: ContentRulesStore, clock: Clock, log: Log): HeldValue<NetworkContent> =>
  heldValue({
    everyMs: EVERY_MS,
    load: () => store.read(),
    clock,
    onFault: (error) => log.warn('rules of content not refreshed', { error }),
  });
