import { describe, expect, test } from 'vitest';
import { dynamoVolumeStore } from '#adapters/aws/dynamo-volume-store.ts';
import { decideCommit, decideRollBack, decideSeal, decideStage, decideValidation } from '#domain/volume/decide-release.ts';
import { decideHold, decideLease } from '#domain/volume/decide-volume.ts';
import { newPointer } from '#domain/volume/volume-state.ts';
import type { VolumeStore } from '#ports/volume-store.ts';
import { ask, aTree, changeOf, NOTHING_YET, prepare, releaseNow, rootOf, viewOf } from '../support/a-volume.ts';
import type { EmulatorsInTest } from '../support/emulators.ts';
import { onCommand } from '../support/fault-injection.ts';
import { faulty, freshTable, type MakePlace, quickRetries } from './places.ts';

export const volumeStores =
  (emulators: EmulatorsInTest, dynamoDb: EmulatorsInTest['dynamoDb'] = emulators.dynamoDb): MakePlace<VolumeStore> =>
  async () => {
    const table = await freshTable(dynamoDb(), emulators.freshName('volumes'), 'pk', 'sk');
    return { open: (plan) => dynamoVolumeStore(faulty(dynamoDb(quickRetries()), plan), table) };
  };

const LOST = { kind: 'reply-lost' } as const;

/** `faults: false` for a store that has no connection to lose. */
export const volumeStoreContract = (make: MakePlace<VolumeStore>, { faults } = { faults: true }): void => {
  test('a volume of which nothing is known has a new pointer, no releases and no log', async () => {
    const store = (await make()).open();
    expect(await store.pointer('v')).toEqual(newPointer('v'));
    expect(await store.release('v', rootOf('a'))).toBeUndefined();
    expect(await store.releases('v')).toEqual([]);
    expect(await store.log('v', 10)).toEqual([]);
    expect(await store.volumes()).toEqual([]);
  });

  test('every volume of which something was decided is listed, once', async () => {
    const store = (await make()).open();
    await releaseNow(store, 'a', { volume: 'w' });
    await ask(store, undefined, (view) => decideHold(view, 'not yet'));
    for (let at = 0; at < 3; at += 1) await prepare(store, `${at}`, { volume: 'v2' });
    expect(await store.volumes()).toEqual(['v', 'v2', 'w']);
  });

  test('a release comes back as it was written, in every state', async () => {
    const store = (await make()).open();
    const tree = aTree('a', 7);
    const base = { volume: 'v', ...tree, sequence: 1, createdMs: 1_000, createdBy: 'user:ann', pinned: false };
    await ask(store, tree.root, (view) => decideStage(view, tree));
    expect(await store.release('v', tree.root)).toEqual({ ...base, state: 'STAGING', sinceMs: 1_000 });
    await ask(store, tree.root, decideSeal, { nowMs: 2_000 });
    const problems = [{ path: 'a/ä', message: 'is not there' }];
    await ask(store, tree.root, (view) => decideValidation(view, problems), { nowMs: 3_000 });
    expect(await store.release('v', tree.root)).toEqual({ ...base, state: 'REJECTED', sinceMs: 3_000, problems });
    expect(await store.pointer('v')).toEqual({ ...newPointer('v'), version: 3, releases: 1 });
  });

  test('a release is rejected however much is wrong with it', async () => {
    const store = (await make()).open();
    const tree = aTree('a');
    const problems = Array.from({ length: 200 }, () => ({ path: '中'.repeat(1_024), message: '"'.repeat(9_999) }));
    await ask(store, tree.root, (view) => decideStage(view, tree));
    await ask(store, tree.root, decideSeal);
    await ask(store, tree.root, (view) => decideValidation(view, problems));
    const release = await store.release('v', tree.root);
    expect([release?.state, release?.problems?.[0]]).toEqual([
      'REJECTED',
      { path: '中'.repeat(1_024), message: '"'.repeat(500) },
    ]);
  });

  test('the pointer comes back with everything in it', async () => {
    const store = (await make()).open();
    await releaseNow(store, 'a');
    await releaseNow(store, 'b');
    await ask(store, undefined, (view) => decideLease(view, 9_000));
    await ask(store, 'previous', (view) => decideRollBack(view, 'broken'), { nowMs: 5_000, by: 'user:eve' });
    expect(await store.pointer('v')).toEqual({
      volume: 'v',
      version: 10,
      moves: 3,
      movedMs: 5_000,
      current: rootOf('a'),
      previous: undefined,
      hold: { by: 'user:eve', reason: 'broken', atMs: 5_000 },
      fence: 1,
      lease: { by: 'user:ann', untilMs: 9_000 },
      releases: 2,
    });
    expect((await store.releases('v')).map(({ root, state }) => [root, state])).toEqual([
      [rootOf('b'), 'SUPERSEDED'],
      [rootOf('a'), 'CURRENT'],
    ]);
  });

  test('the log has an entry for every version, newest first, in pages', async () => {
    const store = (await make()).open();
    await releaseNow(store, 'a');
    await releaseNow(store, 'b');
    expect(
      (await store.log('v', 2)).map(({ version, transition, release, before }) => [version, transition, release, before]),
    ).toEqual([
      [8, 'commit', rootOf('b'), rootOf('a')],
      [7, 'validate', rootOf('b'), undefined],
    ]);
    expect((await store.log('v', 10, 4)).map(({ version, transition }) => [version, transition])).toEqual([
      [3, 'validate'],
      [2, 'seal'],
      [1, 'stage'],
    ]);
  });

  test('a decision from an old version changes nothing', async () => {
    const store = (await make()).open();
    const early = changeOf(decideHold(viewOf(NOTHING_YET), 'early'));
    await ask(store, undefined, (view) => decideHold(view, 'first'));
    expect(await store.write([early])).toEqual({ kind: 'refused' });
    expect((await store.pointer('v')).hold?.reason).toBe('first');
  });

  test('the pointer names no release that is not validated, whatever a decision believed', async () => {
    const store = (await make()).open();
    const tree = aTree('a');
    await ask(store, tree.root, (view) => decideStage(view, tree));
    const [pointer, staged] = [await store.pointer('v'), await store.release('v', tree.root)];
    const believed = { ...NOTHING_YET, pointer, target: staged && { ...staged, state: 'VALIDATED' as const } };
    expect(await store.write([changeOf(decideCommit(viewOf(believed)))])).toEqual({ kind: 'refused' });
    expect(await store.pointer('v')).toEqual(pointer);
    expect(await store.release('v', tree.root)).toEqual(staged);
  });

  test('of two publishers that release at once one is told what is current', async () => {
    const store = (await make()).open();
    await prepare(store, 'a');
    await prepare(store, 'b');
    const decisions = await Promise.all(['a', 'b'].map((name) => ask(store, rootOf(name), decideCommit)));
    const current = (await store.pointer('v')).current;
    expect(decisions.map(({ kind }) => kind).toSorted()).toEqual(['change', 'refused']);
    expect(decisions.find(({ kind }) => kind === 'refused')).toEqual({
      kind: 'refused',
      refusal: { kind: 'moved', current, expected: undefined },
    });
  });

  test('several volumes are released at once, or none of them', async () => {
    const store = (await make()).open();
    for (const volume of ['v', 'w']) await prepare(store, 'a', { volume });
    const asks = ['v', 'w'].map((volume) => ({ volume, release: rootOf('a') }));
    await ask(store, undefined, (view) => decideHold(view, 'not now'), { volume: 'w' });
    const held = await store.change(asks, (now) => decideCommit(viewOf(now)));
    expect(held.map(({ decision }) => decision.kind)).toEqual(['change', 'refused']);
    expect((await store.pointer('v')).current).toBeUndefined();
    const [v, w] = await Promise.all(['v', 'w'].map((volume) => store.pointer(volume)));
    const now = await Promise.all(asks.map(async ({ volume, release }) => store.release(volume, release)));
    // As decided before the hold: the other volume refuses, and so nothing happens to this one.
    const late = [v, w].map((pointer, at) =>
      changeOf(decideCommit(viewOf({ ...NOTHING_YET, pointer: { ...pointer!, hold: undefined }, target: now[at] }))),
    );
    expect(await store.write([late[0]!, { ...late[1]!, seen: 3 }])).toEqual({ kind: 'refused' });
    expect((await store.pointer('v')).current).toBeUndefined();
    expect(await store.write(late)).toEqual({ kind: 'written' });
    expect((await store.pointer('w')).current).toBe(rootOf('a'));
    expect((await store.pointer('v')).current).toBe(rootOf('a'));
  });

  test('eight who decide at once come one after the other', async () => {
    const place = await make();
    const reasons = Array.from({ length: 8 }, (_, at) => `reason ${at}`);
    await Promise.all(reasons.map((reason) => ask(place.open(), undefined, (view) => decideHold(view, reason))));
    const log = await place.open().log('v', 30);
    expect(log.map(({ version }) => version)).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
    expect(log.map(({ reason }) => reason).toSorted()).toEqual(reasons);
  });

  if (!faults) return;
  describe('a reply that is lost', () => {
    test('changes nothing and is not taken for a refusal', async () => {
      const place = await make();
      await prepare(place.open(), 'a');
      const store = place.open(onCommand('TransactWriteItemsCommand', LOST));
      expect((await ask(store, rootOf('a'), decideCommit)).kind).toBe('change');
      expect(await store.pointer('v')).toMatchObject({ version: 4, moves: 1, current: rootOf('a') });
    });

    test('is found in the log, though others wrote since', async () => {
      const place = await make();
      const mine = changeOf(decideHold(viewOf({ ...NOTHING_YET, writeId: 'mine' }), 'mine'));
      expect(await place.open().write([mine])).toEqual({ kind: 'written' });
      await ask(place.open(), undefined, (view) => decideHold(view, 'other'));
      // The second try of a write whose first one was done: refused by the table, as when it no longer knows the token.
      const again = place.open(onCommand('TransactWriteItemsCommand', { kind: 'transaction-conflict' }));
      expect(await again.write([mine])).toEqual({ kind: 'written' });
      const others = { ...mine, event: { ...mine.event, writeId: 'others' } };
      expect(await place.open().write([others])).toEqual({ kind: 'refused' });
      expect(await again.pointer('v')).toMatchObject({ version: 2, hold: { reason: 'other' } });
    });

    test('of every try leaves the change for the next decision to find', async () => {
      const place = await make();
      await prepare(place.open(), 'a');
      const store = place.open(onCommand('TransactWriteItemsCommand', LOST, LOST, LOST));
      await expect(ask(store, rootOf('a'), decideCommit)).rejects.toThrow('writing v failed');
      expect(await ask(place.open(), rootOf('a'), decideCommit)).toEqual({ kind: 'nothing' });
      expect((await store.pointer('v')).moves).toBe(1);
    });

    test('of a collision with another transaction is decided anew', async () => {
      const place = await make();
      const store = place.open(onCommand('TransactWriteItemsCommand', { kind: 'transaction-conflict', items: 2 }));
      expect((await ask(store, undefined, (view) => decideHold(view, 'x'))).kind).toBe('change');
      expect((await store.pointer('v')).version).toBe(1);
    });
  });
};
