import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dynamoLockStore } from '#adapters/aws/dynamo-lock-store.ts';
import { type Grant, type LockState, TRANSITIONS } from '#domain/lock/lock-state.ts';
import type { LockWrite } from '#domain/lock/lock-write.ts';
import { memoryLockStore } from '../../bench/locks/memory-lock-store.ts';
import { useEmulators } from '../support/emulators.ts';
import { createLockTable, lockConfig } from '../support/lock-setup.ts';

const emulators = useEmulators();
const IN_TIME = { withinMs: 30_000 };
const HOSTS = ['a', 'b'] as const;

const host = fc.constantFrom(...HOSTS);
const time = fc.integer({ min: 1, max: 40 });
/** Counted from the last fence, or from the version, of the state at hand: mostly right, sometimes not. */
const offset = fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, -1);

const draft = fc.record({
  kind: fc.constantFrom(
    ...(['grant', 'grant', 'grant', 'confirm', 'confirm', 'confirm', 'release', 'hand-off', 'evict', 'evict-and-grant'] as const),
    ...([
      'extend-offer',
      'restamp',
      'restamp',
      'renew',
      'renew',
      'fail',
      'fail',
      'force-release',
      'resume',
      'configure',
      'remove',
      'ensure',
    ] as const),
  ),
  host,
  other: host,
  time,
  later: time,
  offset,
  lease: fc.constantFrom(undefined, 7, 7, 7),
  legacy: fc.boolean(),
  slots: fc.constantFrom(1, 2, 3),
  seen: fc.constantFrom('offered', 'held', 'failed'),
  counted: fc.boolean(),
});
type Draft = typeof draft extends fc.Arbitrary<infer T> ? T : never;

const fenceOf = (state: LockState | undefined, of: string, by: number): number =>
  (state?.grants.find((grant) => grant.host === of)?.fence ?? 0) + by;

const grantFrom = (state: LockState | undefined, to: string, from: Draft): Grant => ({
  host: to,
  fence: (state?.fence ?? 0) + 1 + from.offset,
  state: from.legacy ? 'held' : 'offered',
  grantedMs: from.time,
  askedMs: undefined,
  deadlineMs: from.legacy ? undefined : from.later,
  leaseMs: from.lease,
  requestId: 'r',
  client: 'native',
  claimed: undefined,
  acknowledged: false,
});

const writeFrom = (state: LockState | undefined, from: Draft): LockWrite => {
  const { kind, time: atMs } = from;
  const cause = { by: 'x', atMs, requestId: 'q', reason: undefined };
  const own = { cause, host: from.host, fence: fenceOf(state, from.host, from.offset) };
  const version = (state?.version ?? 0) + from.offset;
  const config = lockConfig({ slots: from.slots, failureBudget: 2, enabled: from.offset === 0 });
  const arrivedMs = from.legacy ? from.later : undefined;
  const lapsed = { host: from.other, fence: fenceOf(state, from.other, from.offset) };
  switch (kind) {
    case 'ensure':
      return { kind, cause, config: lockConfig({ slots: 2, failureBudget: 2 }), declared: undefined, id: 1 };
    case 'grant':
      return { kind, cause, grant: grantFrom(state, from.host, from) };
    case 'evict-and-grant':
      return { kind, cause, grant: grantFrom(state, from.host, from), lapsed, lapsedBeforeMs: from.later };
    case 'evict':
      return { kind, ...own, lapsedBeforeMs: from.later };
    case 'extend-offer':
      return { kind, ...own, deadlineMs: from.later };
    case 'restamp':
      return { kind, ...own, arrivedMs: from.later };
    case 'renew':
      return { kind, ...own, deadlineMs: from.later + 20 };
    case 'confirm':
      return { kind, ...own, heldSinceMs: atMs, claimed: from.legacy ? 'A' : undefined, leaseMs: from.lease };
    case 'release':
      return { kind, ...own, arrivedMs, typicalHoldMs: from.lease };
    case 'hand-off':
      return { kind, ...own, arrivedMs, typicalHoldMs: from.lease, next: grantFrom(state, from.other, from) };
    case 'fail':
      return { kind, ...own };
    case 'force-release':
      return { kind, ...own, seen: from.seen, counted: from.counted && from.seen === 'failed' };
    case 'resume':
      return {
        kind,
        cause,
        version,
        acknowledged: (state?.grants ?? []).filter((grant) => grant.state === 'failed').map((grant) => grant.host),
      };
    case 'configure':
      return { kind, cause, version, config, declared: undefined };
    case 'remove':
      return { kind, cause, version };
  }
};

it('agrees with the table about every write, and about what it leaves', { timeout: 180_000 }, async () => {
  const real = dynamoLockStore(emulators.dynamoDb(), await createLockTable(emulators.dynamoDb(), emulators.freshName('locks')));
  let runs = 0;
  const written = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(draft, { minLength: 5, maxLength: 25 }), async (drafts) => {
      runs += 1;
      const lock = `lock-${runs}`;
      const memory = memoryLockStore();
      const ensure: Draft = { ...drafts[0], kind: 'ensure', time: 1 } as Draft;
      for (const one of [ensure, ...drafts]) {
        const write = writeFrom(await memory.read(lock, IN_TIME), one);
        // DynamoDB refuses a document that is both set and removed; nobody hands a slot to whom it takes it from.
        if (
          (write.kind === 'hand-off' && write.next.host === write.host) ||
          (write.kind === 'evict-and-grant' && write.lapsed.host === write.grant.host)
        )
          continue;
        const result = await memory.write(lock, write, IN_TIME);
        expect(await real.write(lock, write, IN_TIME)).toEqual(result);
        if (result.kind === 'written') written.add(write.kind);
      }
    }),
    { numRuns: 300, seed: 7 },
  );
  // Every kind of write was done at least once, or this test shows less than it seems to.
  expect([...written].toSorted()).toEqual(TRANSITIONS.toSorted());
});
