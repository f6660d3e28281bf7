import { expect, test } from 'vitest';
import { dynamoVolumeSweeps } from '#adapters/aws/dynamo-volume-sweeps.ts';
import { Fault } from '#domain/errors.ts';
import type { VolumeSweep, VolumeSweeps } from '#ports/volume-sweeps.ts';
import type { EmulatorsInTest } from '../support/emulators.ts';
import { onCommand } from '../support/fault-injection.ts';
import { faulty, freshTable, type MakePlace, quickRetries } from './places.ts';

export const volumeSweeps =
  (emulators: EmulatorsInTest, dynamoDb: EmulatorsInTest['dynamoDb'] = emulators.dynamoDb): MakePlace<VolumeSweeps> =>
  async () => {
    const table = await freshTable(dynamoDb(), emulators.freshName('volumes'), 'pk', 'sk');
    return { open: (plan) => dynamoVolumeSweeps(faulty(dynamoDb(quickRetries()), plan), table) };
  };

const SWEEP: VolumeSweep = {
  run: 'r1',
  mode: 'done',
  by: 'user:ann',
  startedMs: 1_000,
  prefixes: 16,
  expired: 1,
  looked: 2,
  doomed: 7,
  removed: 4,
  spared: 3,
  bytes: 5_000_000_000,
};

/** `faults: false` for sweeps that have no connection to lose. */
export const volumeSweepsContract = (make: MakePlace<VolumeSweeps>, { faults } = { faults: true }): void => {
  test('before the first sweep there is none', async () => {
    const sweeps = (await make()).open();
    expect(await sweeps.last()).toBeUndefined();
    expect(await sweeps.last('done')).toBeUndefined();
  });

  test('a sweep comes back as it was written last', async () => {
    const sweeps = (await make()).open();
    await sweeps.put(SWEEP);
    expect(await sweeps.last('done')).toEqual(SWEEP);
    const ended = { ...SWEEP, endedMs: 2_000, prefixes: 256, problem: 'no ä' };
    await sweeps.put(ended);
    expect(await sweeps.last()).toEqual(ended);
    await sweeps.put(SWEEP);
    expect(await sweeps.last()).toEqual(SWEEP);
  });

  test('a plan is beside what was done, and the last of both is the one that began last', async () => {
    const sweeps = (await make()).open();
    const plan = { ...SWEEP, run: 'r2', mode: 'planned', startedMs: 1_001 } as const;
    await sweeps.put(plan);
    await sweeps.put(SWEEP);
    expect([await sweeps.last('planned'), await sweeps.last('done'), await sweeps.last()]).toEqual([plan, SWEEP, plan]);
    await sweeps.put({ ...SWEEP, run: 'r3', startedMs: 1_002 });
    expect((await sweeps.last())?.run).toBe('r3');
  });

  if (!faults) return;
  test('a lost reply changes nothing; a table that does not answer is a Fault', async () => {
    const place = await make();
    await place.open(onCommand('PutItemCommand', { kind: 'reply-lost' })).put(SWEEP);
    expect(await place.open().last()).toEqual(SWEEP);
    const dead = place.open(() => ({ kind: 'request-lost' }));
    await expect(dead.last()).rejects.toThrow(Fault);
    await expect(dead.put(SWEEP)).rejects.toThrow(Fault);
  });
};
