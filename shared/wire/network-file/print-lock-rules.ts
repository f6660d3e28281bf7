import type * as v from 'valibot';
import type { LockRules } from '#domain/lock/lock-rules.ts';
import type { LockConfig } from '#domain/lock/lock-state.ts';
import { identitiesSchema, lockDefaultsSchema, locksSchema, tokenSchema } from './locks-schema.ts';
import { said } from './said.ts';
import { printDuration } from './scalars.ts';
import { BUILT_IN_LOCK } from './to-lock-rules.ts';

export type LocksDocument = v.InferInput<typeof locksSchema>;

const flat = ({ policy, ...config }: LockConfig) => ({
  slots: config.slots,
  policy: policy.mode,
  lease: printDuration(policy.leaseMs),
  offer: printDuration(policy.offerMs),
  queue: policy.queue,
  failureBudget: config.failureBudget,
  stale: printDuration(policy.staleMs),
  enabled: config.enabled,
  group: config.group,
  owner: config.owner,
  comment: config.comment,
});

/** What differs from what would hold anyway. */
const printConfig = (config: LockConfig, otherwise: LockConfig): v.InferInput<typeof lockDefaultsSchema> => {
  const anyway: Readonly<Record<string, unknown>> = flat(otherwise);
  const own = said(lockDefaultsSchema, flat(config));
  return Object.fromEntries(Object.entries(own).filter(([key, value]) => value !== anyway[key]));
};

/** In the network file's own shape. */
export const printLockRules = (rules: LockRules): LocksDocument =>
  said(locksSchema, {
    defaults: printConfig(rules.defaults, BUILT_IN_LOCK),
    locks: rules.locks.map(({ name, config }) => ({ name, ...printConfig(config, rules.defaults) })),
    createOnFirstUse: rules.createOnFirstUse,
    identities: said(identitiesSchema, {
      tokens: rules.tokens.map((token) => said(tokenSchema, token)),
      plain: rules.plain,
      plainFrom: rules.plainFrom,
    }),
    operators: rules.operators,
    groups: Object.fromEntries(rules.groups.map(({ group, lock }) => [group, lock])),
  });
