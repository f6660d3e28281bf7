import type { LockRules } from '#domain/lock/lock-rules.ts';
import type { EpochMs } from '#domain/lock/lock-state.ts';
import type { Clock } from '#ports/clock.ts';
import type { LockRulesStore } from '#ports/lock-rules-store.ts';
import type { Log } from '#ports/log.ts';
import type { RulesSource } from './lock-deps.ts';

/** A changed network file reaches the locks within this time. */
const KEEP_MS = 30_000;
const READ_WITHIN_MS = 3_000;

/** A network that declares no locks has none, and knows nobody. */
const NO_RULES: LockRules = {
  defaults: {
    enabled: true,
    slots: 1,
    failureBudget: 1,
    policy: { mode: 'hold', leaseMs: 600_000, offerMs: 120_000, queue: 'fifo', staleMs: 14_400_000 },
    group: undefined,
    owner: undefined,
    comment: undefined,
  },
  locks: [],
  createOnFirstUse: [],
  tokens: [],
  plain: [],
  plainFrom: [],
  operators: [],
  groups: [],
};

/** The network's rules, kept for half a minute. When they cannot be read anew, those that are held go on being used. */
export const heldRules = (deps: { readonly store: LockRulesStore; readonly clock: Clock; readonly log: Log }): RulesSource => {
  let held: { readonly rules: LockRules; readonly atMs: EpochMs } | undefined;
  const fresh = async (): Promise<LockRules> => {
    const rules = (await deps.store.read(READ_WITHIN_MS)) ?? NO_RULES;
    held = { rules, atMs: deps.clock.now() };
    return rules;
  };
  return {
    fresh,
    current: async () => {
      if (held !== undefined && deps.clock.now() - held.atMs < KEEP_MS) return held.rules;
      try {
        return await fresh();
      } catch (error) {
        if (held === undefined) throw error;
        deps.log.warn('the rules of locks could not be read; older ones are used', { error });
        return held.rules;
      }
    },
  };
};
