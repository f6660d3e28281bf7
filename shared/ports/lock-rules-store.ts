import type { LockRules } from '#domain/lock/lock-rules.ts';

export interface LockRulesStore {
  /** What was last applied; undefined when the network has no locks. Strongly consistent. */
  read(withinMs: number): Promise<LockRules | undefined>;
}
