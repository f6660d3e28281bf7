import { configFor, type WantedConfig } from '#domain/lock/first-use.ts';
import type { EpochMs, LockName, LockState } from '#domain/lock/lock-state.ts';
import type { Cause } from '#domain/lock/lock-write.ts';
import { gaveUp, isPresent, type LockDeps, MOST_TRIES, timeLeft, tryWrite } from './lock-deps.ts';

const byPolicy = (deps: LockDeps): Cause => ({
  by: 'policy',
  atMs: deps.clock.now(),
  requestId: deps.newId(),
  reason: undefined,
});

const make = async (deps: LockDeps, name: LockName, wanted: WantedConfig, arrivedMs: EpochMs): Promise<void> => {
  const id = await deps.store.allocateId(name, timeLeft(deps, arrivedMs));
  await tryWrite(deps, name, { kind: 'ensure', ...wanted, id, cause: byPolicy(deps) }, arrivedMs);
};

/**
 * The network file's entry changed since it was applied to this lock. Rules are cached, and an instance with older rules must not
 * undo what a newer one did: they are read anew after the state, and the write is refused when the state changed since.
 */
const adopt = async (deps: LockDeps, lock: LockState, arrivedMs: EpochMs): Promise<void> => {
  const wanted = configFor(await deps.rules.fresh(), lock.name);
  if (wanted?.declared === undefined || wanted.declared === lock.declared) return;
  const write = { kind: 'configure', version: lock.version, ...wanted, cause: byPolicy(deps) } as const;
  await tryWrite(deps, lock.name, write, arrivedMs);
};

/** The lock as it is now, made on first use where the network allows it; undefined when there is none. One read when all is settled. */
export const presentLock = async (deps: LockDeps, name: LockName, arrivedMs: EpochMs): Promise<LockState | undefined> => {
  const wanted = configFor(await deps.rules.current(), name);
  let adopted = false;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const lock = await deps.store.read(name, timeLeft(deps, arrivedMs));
    if (!isPresent(lock)) {
      if (wanted === undefined) return undefined;
      await make(deps, name, wanted, arrivedMs);
    } else if (adopted || wanted?.declared === undefined || wanted.declared === lock.declared) {
      return lock;
    } else {
      await adopt(deps, lock, arrivedMs);
      // Once: what is cached here may be older than what was applied.
      adopted = true;
    }
  }
  throw gaveUp(`making the lock ${name}`);
};
