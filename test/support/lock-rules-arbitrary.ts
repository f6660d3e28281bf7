import fc from 'fast-check';
import type { DeclaredLock, HostToken, LockRules } from '#domain/lock/lock-rules.ts';
import { CLIENT_KINDS, type LockConfig } from '#domain/lock/lock-state.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const milliseconds = fc.nat({ max: 31_536_000_000 });
const amount = fc.integer({ min: 1, max: 100 });
const sha256 = fc.stringMatching(/^[0-9a-f]{64}$/);
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const few = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> => fc.array(arbitrary, { maxLength: 3 });

export const anyLockConfig: fc.Arbitrary<LockConfig> = fc.record({
  enabled: fc.boolean(),
  slots: amount,
  failureBudget: amount,
  policy: fc.record({
    mode: fc.constantFrom('hold' as const, 'lease' as const),
    leaseMs: milliseconds,
    offerMs: milliseconds,
    queue: fc.constantFrom('fifo' as const, 'none' as const),
    staleMs: milliseconds,
  }),
  group: maybe(text),
  owner: maybe(text),
  comment: maybe(text),
});

const anyLock: fc.Arbitrary<DeclaredLock> = fc.record({ name: text, config: anyLockConfig });

const anyToken: fc.Arbitrary<HostToken> = fc.oneof(
  fc.record({ host: text, claims: fc.constant(undefined), sha256, locks: few(text) }),
  fc.record({ host: fc.constant(undefined), claims: text, sha256, locks: few(text) }),
);

/** Of the right shape; no lock and no token stands twice. */
export const anyLockRules: fc.Arbitrary<LockRules> = fc.record({
  defaults: anyLockConfig,
  locks: fc.uniqueArray(anyLock, { selector: ({ name }) => name, maxLength: 3 }),
  createOnFirstUse: few(text),
  tokens: fc.uniqueArray(anyToken, { selector: (token) => token.sha256, maxLength: 3 }),
  plain: fc.subarray([...CLIENT_KINDS]),
  plainFrom: few(text),
  operators: few(fc.record({ name: text, sha256 })),
  groups: few(fc.record({ group: text, lock: text })),
});
