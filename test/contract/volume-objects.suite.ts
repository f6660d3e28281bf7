import { describe, expect, test } from 'vitest';
import { Fault, WireError } from '#domain/errors.ts';
import type { VolumeObjects } from '#ports/volume-objects.ts';
import { onCommand } from '../support/fault-injection.ts';
import { hashOf } from '../support/tree-arbitrary.ts';
import type { MakePlace } from './places.ts';

const BYTES = new TextEncoder().encode('some bytes');
const NAME = hashOf(BYTES);

/** `faults: false` for objects that have no connection to lose. */
export const volumeObjectsContract = (make: MakePlace<VolumeObjects>, { faults } = { faults: true }): void => {
  test('an object comes back by its hash, however often it is put', async () => {
    const objects = (await make()).open();
    expect(await objects.put(NAME, BYTES)).toEqual({ kind: 'stored' });
    expect(await objects.put(NAME, BYTES)).toEqual({ kind: 'stored' });
    expect(await objects.read(NAME, 10)).toEqual(BYTES);
    expect(await objects.sizeBytes(NAME)).toBe(10);
  });

  test('an object may be empty', async () => {
    const objects = (await make()).open();
    await objects.put(hashOf(''), new Uint8Array());
    expect(await objects.read(hashOf(''), 0)).toEqual(new Uint8Array());
    expect(await objects.sizeBytes(hashOf(''))).toBe(0);
  });

  test('what was never put is not there', async () => {
    const objects = (await make()).open();
    expect(await objects.read(NAME, 10)).toBeUndefined();
    expect(await objects.sizeBytes(NAME)).toBeUndefined();
  });

  test('other bytes than those of the name are not stored', async () => {
    const objects = (await make()).open();
    expect(await objects.put(hashOf('other'), BYTES)).toEqual({ kind: 'wrong-hash' });
    expect(await objects.sizeBytes(hashOf('other'))).toBeUndefined();
  });

  test('an object above the limit is not read', async () => {
    const objects = (await make()).open();
    await objects.put(NAME, BYTES);
    await expect(objects.read(NAME, 9)).rejects.toThrow(WireError);
  });

  test('a part of an object is read, up to its end', async () => {
    const objects = (await make()).open();
    await objects.put(NAME, BYTES);
    expect(await objects.readRange(NAME, 0, 4)).toEqual(BYTES.subarray(0, 4));
    expect(await objects.readRange(NAME, 5, 100)).toEqual(BYTES.subarray(5));
    expect(await objects.readRange(NAME, 5, 0)).toEqual(new Uint8Array());
    expect(await objects.readRange(hashOf('other'), 0, 4)).toBeUndefined();
    await expect(objects.readRange(NAME, 10, 1)).rejects.toThrow(WireError);
  });

  test('what is no hash names nothing', async () => {
    const objects = (await make()).open();
    await expect(objects.put('../x', BYTES)).rejects.toThrow('SHA-256');
  });

  test('many at once put one object', async () => {
    const place = await make();
    const puts = await Promise.all(Array.from({ length: 8 }, () => place.open().put(NAME, BYTES)));
    expect(puts).toEqual(Array(8).fill({ kind: 'stored' }));
    expect(await place.open().read(NAME, 10)).toEqual(BYTES);
  });

  if (!faults) return;
  describe('when S3 fails', () => {
    test('a lost reply changes nothing', async () => {
      const place = await make();
      const objects = place.open(onCommand('PutObjectCommand', { kind: 'reply-lost' }));
      expect(await objects.put(NAME, BYTES)).toEqual({ kind: 'stored' });
      expect(await place.open().read(NAME, 10)).toEqual(BYTES);
    });

    test.each(['throttled', 'request-lost'] as const)('because everything is %s, it is a Fault', async (kind) => {
      const objects = (await make()).open(() => ({ kind }));
      await expect(objects.put(NAME, BYTES)).rejects.toThrow(Fault);
      await expect(objects.sizeBytes(NAME)).rejects.toThrow(Fault);
      await expect(objects.read(NAME, 10)).rejects.toThrow(Fault);
      await expect(objects.readRange(NAME, 0, 1)).rejects.toThrow(Fault);
    });
  });
};
