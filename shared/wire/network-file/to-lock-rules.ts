import type { LockRules } from '#domain/lock/lock-rules.ts';
import type { LockConfig } from '#domain/lock/lock-state.ts';
import type { FileLocks } from './locks-schema.ts';

const MINUTE_MS = 60_000;

/** What neither a lock nor the defaults say: one host at a time, until it releases. */
export const BUILT_IN_LOCK: LockConfig = {
  enabled: true,
  slots: 1,
  failureBudget: 1,
  policy: { mode: 'hold', leaseMs: 10 * MINUTE_MS, offerMs: 2 * MINUTE_MS, queue: 'fifo', staleMs: 240 * MINUTE_MS },
  group: undefined,
  owner: undefined,
  comment: undefined,
};

const configOf = (said: FileLocks['defaults'], otherwise: LockConfig): LockConfig => ({
  enabled: said.enabled ?? otherwise.enabled,
  slots: said.slots ?? otherwise.slots,
  failureBudget: said.failureBudget ?? otherwise.failureBudget,
  policy: {
    mode: said.policy ?? otherwise.policy.mode,
    leaseMs: said.lease ?? otherwise.policy.leaseMs,
    offerMs: said.offer ?? otherwise.policy.offerMs,
    queue: said.queue ?? otherwise.policy.queue,
    staleMs: said.stale ?? otherwise.policy.staleMs,
  },
  group: said.group ?? otherwise.group,
  owner: said.owner ?? otherwise.owner,
  comment: said.comment ?? otherwise.comment,
});

export const toLockRules = (file: FileLocks): LockRules => {
  const defaults = configOf(file.defaults, BUILT_IN_LOCK);
  const { tokens, plain, plainFrom } = file.identities;
  return {
    defaults,
    locks: file.locks.map((lock) => ({ name: lock.name, config: configOf(lock, defaults) })),
    createOnFirstUse: file.createOnFirstUse,
    tokens: tokens.map(({ host, claims, sha256, locks }) => ({ host, claims, sha256: sha256.toLowerCase(), locks })),
    plain: [...new Set(plain)],
    plainFrom: [...new Set(plainFrom)],
    operators: file.operators.map(({ name, sha256 }) => ({ name, sha256: sha256.toLowerCase() })),
    groups: Object.entries(file.groups).map(([group, lock]) => ({ group, lock })),
  };
};
