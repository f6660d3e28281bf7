import { expect, test } from 'vitest';
import { dynamoVolumeDooms } from '#adapters/aws/dynamo-volume-dooms.ts';
import { Fault } from '#domain/errors.ts';
import { DOOM_MS, isAbandoned } from '#domain/volume/garbage.ts';
import type { VolumeDooms } from '#ports/volume-dooms.ts';
import type { EmulatorsInTest } from '../support/emulators.ts';
import { type FaultPlan, onCommand } from '../support/fault-injection.ts';
import { hashOf } from '../support/tree-arbitrary.ts';
import { faulty, freshTable, type Place, quickRetries } from './places.ts';

export interface DoomsPlace extends Place<VolumeDooms> {
  openAt(nowMs: number): VolumeDooms;
}

export const volumeDooms =
  (emulators: EmulatorsInTest, dynamoDb: EmulatorsInTest['dynamoDb'] = emulators.dynamoDb): (() => Promise<DoomsPlace>) =>
  async () => {
    const table = await freshTable(dynamoDb(), emulators.freshName('volumes'), 'pk', 'sk');
    const openAt = (nowMs: number, plan?: FaultPlan) =>
      dynamoVolumeDooms(faulty(dynamoDb(quickRetries()), plan), table, { now: () => nowMs });
    return { open: (plan) => openAt(2_000, plan), openAt };
  };

const X = hashOf('x');
const aDoom = (by: string, atMs = 1_000, sha256 = X) => ({ sha256, by, atMs });

/** `faults: false` for dooms that have no connection to lose. */
export const volumeDoomsContract = (make: () => Promise<DoomsPlace>, { faults } = { faults: true }): void => {
  test('an object is doomed by one, until that one lifts it', async () => {
    const dooms = (await make()).open();
    expect(await dooms.doomed([X])).toEqual(new Set());
    expect(await dooms.doom(aDoom('one'))).toBe('doomed');
    expect(await dooms.doom(aDoom('other', 1_001))).toBe('taken');
    await dooms.lift(X, 'other');
    expect(await dooms.doomed([X])).toEqual(new Set([X]));
    await dooms.lift(X, 'one');
    expect(await dooms.doomed([X])).toEqual(new Set());
    await dooms.lift(X, 'one');
    expect(await dooms.doom(aDoom('other'))).toBe('doomed');
  });

  test('an abandoned doom is taken over, at the moment from which it is', async () => {
    const dooms = (await make()).open();
    await dooms.doom(aDoom('one'));
    for (const nowMs of [1_000 + DOOM_MS - 1, 1_000 + DOOM_MS])
      expect(await dooms.doom(aDoom('other', nowMs))).toBe(isAbandoned(1_000, nowMs) ? 'doomed' : 'taken');
    await dooms.lift(X, 'one');
    expect(await dooms.list(X)).toEqual([aDoom('other', 1_000 + DOOM_MS)]);
  });

  test('an abandoned doom holds nobody up, from the moment on from which it may be taken over', async () => {
    const place = await make();
    await place.open().doom(aDoom('one'));
    for (const nowMs of [1_000 + DOOM_MS - 1, 1_000 + DOOM_MS])
      expect(await place.openAt(nowMs).doomed([X])).toEqual(new Set(isAbandoned(1_000, nowMs) ? [] : [X]));
    expect(await place.open().list(X)).toEqual([aDoom('one')]);
  });

  test('of many that doom one object at once one does', async () => {
    const place = await make();
    const outcomes = await Promise.all(Array.from({ length: 8 }, (_, at) => place.open().doom(aDoom(`run ${at}`))));
    expect(outcomes.toSorted()).toEqual(['doomed', ...Array(7).fill('taken')]);
  });

  test('many objects are asked about at once, each once', async () => {
    const dooms = (await make()).open();
    const objects = Array.from({ length: 230 }, (_, at) => hashOf(`${at}`));
    for (const at of [0, 99, 100, 229]) await dooms.doom(aDoom('one', 1_000, objects[at]));
    expect(await dooms.doomed([...objects, ...objects])).toEqual(new Set([0, 99, 100, 229].map((at) => objects[at])));
    expect(await dooms.doomed([])).toEqual(new Set());
  });

  test('they are listed by the beginning of their hash', async () => {
    const dooms = (await make()).open();
    const all = Array.from({ length: 40 }, (_, at) => aDoom('one', at, hashOf(`${at}`)));
    for (const doom of all) await dooms.doom(doom);
    for (const prefix of new Set(all.map(({ sha256 }) => sha256.slice(0, 2)))) {
      const wanted = all.filter(({ sha256 }) => sha256.startsWith(prefix));
      expect(await dooms.list(prefix)).toEqual(wanted.toSorted((one, other) => (one.sha256 < other.sha256 ? -1 : 1)));
    }
  });

  if (!faults) return;
  test.each(['PutItemCommand', 'DeleteItemCommand'])('a lost reply after %s changes nothing', async (command) => {
    const dooms = (await make()).open(onCommand(command, { kind: 'reply-lost' }));
    expect(await dooms.doom(aDoom('one'))).toBe('doomed');
    await dooms.lift(X, 'one');
    expect(await dooms.doomed([X])).toEqual(new Set());
  });

  test('a table that does not answer is a Fault, and never no doom', async () => {
    const dooms = (await make()).open(() => ({ kind: 'request-lost' }));
    await expect(dooms.doomed([X])).rejects.toThrow(Fault);
    await expect(dooms.doom(aDoom('one'))).rejects.toThrow(Fault);
    await expect(dooms.lift(X, 'one')).rejects.toThrow(Fault);
    await expect(dooms.list(X)).rejects.toThrow(Fault);
  });
};
