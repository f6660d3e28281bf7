import { expect, test } from 'vitest';
import { Fault } from '#domain/errors.ts';
import type { VolumeWork, VolumeWorkQueue } from '#ports/volume-work.ts';
import { onCommand } from '../support/fault-injection.ts';
import { hashOf } from '../support/tree-arbitrary.ts';
import type { Place } from './places.ts';

export interface VolumeWorkPlace extends Place<VolumeWorkQueue> {
  /** Receives once without deleting. */
  inWork(): Promise<readonly VolumeWork[]>;
}

const check = (volume: string, root: string): VolumeWork => ({ kind: 'check', volume, root: hashOf(root), stagedMs: 7 });
const update = (volume: string): VolumeWork => ({ kind: 'update', volume, by: 'user:eve' });
const sweep: VolumeWork = { kind: 'sweep', run: 'r', by: 'schedule', mode: 'done' };

export const volumeWorkContract = (make: () => Promise<VolumeWorkPlace>): void => {
  test('work of each kind arrives as it was sent', async () => {
    const place = await make();
    const queue = place.open();
    const sent = [check('v', 'a'), update('w'), sweep];
    for (const [at, work] of sent.entries()) await queue.send(work, `id-${at}`);
    const byKind = (one: VolumeWork, other: VolumeWork) => (one.kind < other.kind ? -1 : 1);
    expect((await place.inWork()).toSorted(byKind)).toEqual(sent.toSorted(byKind));
  });

  test('work of one volume is done one piece after the other, in order; that of others meanwhile', async () => {
    const place = await make();
    const queue = place.open();
    await queue.send(check('v', 'a'), '1');
    await queue.send(check('v', 'b'), '2');
    await queue.send(check('w', 'c'), '3');
    const first = [...(await place.inWork()), ...(await place.inWork())];
    expect(first.filter((work) => work.kind === 'check' && work.volume === 'v')[0]).toEqual(check('v', 'a'));
    expect(first).toContainEqual(check('w', 'c'));
  });

  test('the same request is work once', async () => {
    const place = await make();
    for (const _ of [1, 2, 3]) await place.open().send(check('v', 'a'), 'the same');
    expect(await place.inWork()).toEqual([check('v', 'a')]);
    expect(await place.inWork()).toEqual([]);
  });

  test('a lost reply is no second piece of work, and no reply at all a Fault', async () => {
    const place = await make();
    await place.open(onCommand('SendMessageCommand', { kind: 'reply-lost' })).send(update('v'), '1');
    expect(await place.inWork()).toEqual([update('v')]);
    await expect(place.open(() => ({ kind: 'request-lost' })).send(update('w'), '2')).rejects.toThrow(Fault);
  });
};
