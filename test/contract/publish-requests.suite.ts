import { expect, test } from 'vitest';
import { Fault } from '#domain/errors.ts';
import type { PublishRequests } from '#ports/publish-requests.ts';
import type { FaultPlan } from '../support/fault-injection.ts';
import { onCommand } from '../support/fault-injection.ts';

export interface PublishPlace {
  open(nowMs: number, plan?: FaultPlan): PublishRequests;
  /** Receives and deletes until the queue is empty. */
  drain(): Promise<readonly unknown[]>;
}

const SLOT_MS = 5_000;
const NOW_MS = 1_000 * SLOT_MS;

export const publishRequestsContract = (make: () => Promise<PublishPlace>): void => {
  test('a request arrives with its reason', async () => {
    const place = await make();
    await place.open(NOW_MS).soon('a mirror checked in');
    expect(await place.drain()).toEqual([{ reason: 'a mirror checked in' }]);
  });

  test('requests of one slot are one, whatever their reasons, and those of the next are another', async () => {
    const place = await make();
    for (const [atMs, reason] of [
      [NOW_MS, 'first'],
      [NOW_MS + SLOT_MS - 1, 'second'],
      [NOW_MS + SLOT_MS, 'third'],
    ] as const) {
      await place.open(atMs).soon(reason);
    }
    expect(await place.drain()).toEqual([{ reason: 'first' }, { reason: 'third' }]);
  });

  test('a lost reply asks once', async () => {
    const place = await make();
    await place.open(NOW_MS, onCommand('SendMessageCommand', { kind: 'reply-lost' })).soon('x');
    expect(await place.drain()).toEqual([{ reason: 'x' }]);
  });

  test('a queue that does not answer is a Fault', async () => {
    const place = await make();
    await expect(place.open(NOW_MS, () => ({ kind: 'request-lost' })).soon('x')).rejects.toThrow(Fault);
    expect(await place.drain()).toEqual([]);
  });
};
