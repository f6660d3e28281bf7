import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Fault } from '#domain/errors.ts';
import type { SnapshotPointer } from '#domain/snapshot/document.ts';
import type { PointerMove, SnapshotStore } from '#ports/snapshot-store.ts';
import { onCommand } from '../support/fault-injection.ts';
import type { MakePlace } from './places.ts';

const BYTES = new TextEncoder().encode('a snapshot');
const NAME = createHash('sha256').update(BYTES).digest('hex');

const pointerOf = (sequence: number, publishedMs = 5): SnapshotPointer => ({
  name: NAME,
  sequence,
  publishedMs,
  sizeBytes: BYTES.length,
});

const versionOf = (move: PointerMove): string => {
  if (move.kind !== 'moved') throw new Error('expected to have moved the pointer');
  return move.version;
};

export const snapshotStoreContract = (make: MakePlace<SnapshotStore>): void => {
  describe('a snapshot', () => {
    test('comes back by its name, however often it is put', async () => {
      const place = await make();
      await place.open().putSnapshot(NAME, BYTES);
      await place.open().putSnapshot(NAME, BYTES);
      expect(await place.open().getSnapshot(NAME)).toEqual(BYTES);
    });

    test('that was never put is undefined', async () => {
      expect(await (await make()).open().getSnapshot(NAME)).toBeUndefined();
    });

    test('must bear the name of its bytes', async () => {
      const store = (await make()).open();
      await expect(store.putSnapshot('0'.repeat(64), BYTES)).rejects.toThrow('does not have the sha256');
    });

    test('survives a lost reply', async () => {
      const place = await make();
      await place.open(onCommand('PutObjectCommand', { kind: 'reply-lost' })).putSnapshot(NAME, BYTES);
      expect(await place.open().getSnapshot(NAME)).toEqual(BYTES);
    });
  });

  describe('the pointer', () => {
    test('is undefined before the first move', async () => {
      expect(await (await make()).open().readPointer()).toBeUndefined();
    });

    test('moves from nothing, and on from the version it is at', async () => {
      const store = (await make()).open();
      const first = versionOf(await store.movePointer(pointerOf(1), undefined));
      expect(await store.readPointer()).toEqual({ pointer: pointerOf(1), version: first });
      const second = versionOf(await store.movePointer(pointerOf(2), first));
      expect(second).not.toBe(first);
      expect(await store.readPointer()).toEqual({ pointer: pointerOf(2), version: second });
    });

    test('does not move for a first publisher who is not the first, who is told the winner', async () => {
      const store = (await make()).open();
      const version = versionOf(await store.movePointer(pointerOf(1), undefined));
      const winner = { pointer: pointerOf(1), version };
      expect(await store.movePointer(pointerOf(1, 6), undefined)).toEqual({ kind: 'lost', winner });
      expect(await store.readPointer()).toEqual(winner);
    });

    test('does not move for an old version, whose holder is told the winner', async () => {
      const store = (await make()).open();
      const first = versionOf(await store.movePointer(pointerOf(1), undefined));
      const second = versionOf(await store.movePointer(pointerOf(2), first));
      const winner = { pointer: pointerOf(2), version: second };
      expect(await store.movePointer(pointerOf(2, 6), first)).toEqual({ kind: 'lost', winner });
      expect(await store.readPointer()).toEqual(winner);
    });

    test('that is not there does not move from a version', async () => {
      expect(await (await make()).open().movePointer(pointerOf(1), '"0"')).toEqual({ kind: 'lost', winner: undefined });
    });

    test.each([
      ['the first move', false],
      ['a later move', true],
    ])('%s by many at once has one winner', async (_name, later) => {
      const place = await make();
      const expected = later ? versionOf(await place.open().movePointer(pointerOf(1), undefined)) : undefined;
      const moves = await Promise.all(
        Array.from({ length: 8 }, (_, index) => place.open().movePointer(pointerOf(2, 10 + index), expected)),
      );
      const winner = await place.open().readPointer();
      expect(moves.filter(({ kind }) => kind === 'moved')).toEqual([{ kind: 'moved', version: winner?.version }]);
      expect(moves.filter(({ kind }) => kind === 'lost')).toEqual(Array(7).fill({ kind: 'lost', winner }));
    });

    test('whose move lost its reply has moved', async () => {
      const place = await make();
      const lost = { kind: 'reply-lost' } as const;
      const first = versionOf(await place.open(onCommand('PutObjectCommand', lost)).movePointer(pointerOf(1), undefined));
      const second = versionOf(await place.open(onCommand('PutObjectCommand', lost)).movePointer(pointerOf(2), first));
      expect(await place.open().readPointer()).toEqual({ pointer: pointerOf(2), version: second });
    });

    test.each(['throttled', 'request-lost'] as const)('stays when every move is %s, which is a Fault', async (kind) => {
      const place = await make();
      const store = place.open(() => ({ kind }));
      await expect(store.movePointer(pointerOf(1), undefined)).rejects.toThrow(Fault);
      await expect(store.readPointer()).rejects.toThrow(Fault);
      expect(await place.open().readPointer()).toBeUndefined();
    });
  });
};
