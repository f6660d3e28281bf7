import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { LockWrite } from '#domain/lock/lock-write.ts';
import type { LockStore } from '#ports/lock-store.ts';
import type { HttpReply } from '#wire/api/http-call.ts';
import { memoryLockStore } from '../../bench/locks/memory-lock-store.ts';
import { lockApi } from '../../functions/lock-api/lock-api.ts';
import type { LegacyCall } from '../../functions/lock-api/lock-calls.ts';
import { type LockOperations, lockOperations } from '../../functions/lock-api/lock-operations.ts';
import { lockDeps, lockRules, silentLog } from '../support/lock-setup.ts';

const LOCK = 'update';
const HOST = 'a.example.org';
const NOW = 5_000;
const RULES = lockRules({
  tokens: [{ sha256: createHash('sha256').update('a').digest('hex'), host: HOST, claims: undefined, locks: [] }],
});

interface Setup {
  readonly operations: LockOperations;
  readonly store: LockStore;
  /** Every write that was tried. */
  readonly writes: LockWrite['kind'][];
  /** Happens once, between what the next handler reads and what it writes. */
  between(interruption: () => Promise<unknown>): void;
  /** DLMEngine's question for the lock. */
  get(arrivedMs: number): Promise<HttpReply>;
}

const setup = (): Setup => {
  const memory = memoryLockStore();
  const writes: LockWrite['kind'][] = [];
  let interruption: (() => Promise<unknown>) | undefined;
  const store: LockStore = {
    ...memory,
    write: async (lock, write, within) => {
      const first = interruption;
      interruption = undefined;
      await first?.();
      writes.push(write.kind);
      return memory.write(lock, write, within);
    },
  };
  const deps = lockDeps(store, { now: () => NOW }, RULES);
  const operations = lockOperations(deps);
  const call = { query: '', body: '', sourceIp: '192.0.2.7', certificateSubject: undefined, claims: undefined };
  return {
    operations,
    store,
    writes,
    between: (happens) => {
      interruption = happens;
    },
    get: (arrivedMs) =>
      lockApi(
        { operations, rules: deps.rules, log: silentLog },
        { ...call, method: 'GET', path: `/dlmengine/api/v2/locks/${LOCK}`, headers: { 'x-secret': 'a' }, arrivedMs },
      ),
  };
};

const by = (arrivedMs: number, host = HOST): LegacyCall => ({ lock: LOCK, host, client: 'dlmengine', arrivedMs });

/** An update is over; its first release was given up and is still on its way, as is an acquire from before: that one is written now. */
const lateAcquire = async ({ operations }: Setup): Promise<void> => {
  await operations.legacyAcquire(by(100));
  await operations.legacyRelease(by(300));
  expect(await operations.legacyAcquire(by(1))).toMatchObject({ kind: 'granted', grant: { fence: 2, grantedMs: 1 } });
};
/** The release that was given up. */
const lateRelease = ({ operations }: Setup) => operations.legacyRelease(by(200));
const held = async ({ store }: Setup) => (await store.read(LOCK, { withinMs: 1 }))?.grants;

it('a release that was given up before a host asked again does not take from it what a late acquire had taken for it', async () => {
  const at = setup();
  await lateAcquire(at);
  expect(await at.operations.legacyAcquire(by(400))).toMatchObject({
    kind: 'granted',
    grant: { fence: 2, grantedMs: 1, askedMs: 400 },
  });
  expect(await lateRelease(at)).toMatchObject({ kind: 'newer_grant' });
  expect(await held(at)).toMatchObject([{ host: HOST, fence: 2, state: 'held' }]);
  expect(await at.operations.legacyRelease(by(500))).toMatchObject({ kind: 'released' });
});

it('nor from a host that reads its own name and goes on', async () => {
  const at = setup();
  await lateAcquire(at);
  expect((await at.get(400)).statusCode).toBe(200);
  expect(await lateRelease(at)).toMatchObject({ kind: 'newer_grant' });
});

it('nor when the late acquire is written between what the next one reads and writes', async () => {
  const at = setup();
  await at.operations.legacyAcquire(by(100));
  await at.operations.legacyRelease(by(300));
  at.between(() => at.operations.legacyAcquire(by(1)));
  expect(await at.operations.legacyAcquire(by(400))).toMatchObject({ kind: 'granted', grant: { fence: 2, askedMs: 400 } });
  expect(await lateRelease(at)).toMatchObject({ kind: 'newer_grant' });
});

it('a host that reads its own name while its release is done is told that nobody holds', async () => {
  const at = setup();
  await at.operations.legacyAcquire(by(100));
  at.between(() => at.operations.legacyRelease(by(200)));
  expect((await at.get(150)).statusCode).toBe(404);
});

it('a host that was offered the slot between what it read and wrote holds it before it is told so', async () => {
  const at = setup();
  await at.operations.legacyAcquire(by(100, 'b.example.org'));
  expect(await at.operations.legacyAcquire(by(200))).toMatchObject({ kind: 'queued' });
  await at.operations.legacyRelease(by(300, 'b.example.org'));
  const [offer] = (await held(at)) ?? [];
  if (offer === undefined) throw new Error('nothing was offered');
  const cause = { by: 'test', atMs: NOW, requestId: 'x', reason: undefined };
  await at.store.write(
    LOCK,
    { kind: 'release', ...offer, arrivedMs: undefined, typicalHoldMs: undefined, cause },
    { withinMs: 1 },
  );
  // What the handler is about to take is offered to it with the very fence that it wants.
  at.between(() => at.store.write(LOCK, { kind: 'grant', grant: { ...offer, fence: 3 }, cause }, { withinMs: 1 }));
  expect(await at.operations.legacyAcquire(by(400))).toMatchObject({ kind: 'granted', grant: { fence: 3, state: 'held' } });
});

it('asking again costs a write when it comes later, and none when it does not', async () => {
  const at = setup();
  await at.operations.legacyAcquire(by(100));
  at.writes.length = 0;
  await at.operations.legacyAcquire(by(200));
  await at.operations.legacyAcquire(by(200));
  await at.operations.legacyAcquire(by(150));
  expect(at.writes).toEqual(['restamp']);
  expect((await held(at))?.[0]).toMatchObject({ grantedMs: 100, askedMs: 200 });
});
