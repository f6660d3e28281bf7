import { describe, expect, test } from 'vitest';
import { Fault, WireError } from '#domain/errors.ts';
import type { Manifest } from '#domain/master/manifest.ts';
import type { ManifestPointer, ManifestPublish, ManifestStore } from '#ports/manifest-store.ts';
import { onCommand } from '../support/fault-injection.ts';
import type { MakePlace } from './places.ts';

const manifestOf = (generation: number, createdMs = generation * 1_000, category = 'fedora'): Manifest => ({
  category,
  generation,
  createdMs,
  nextDirectoryId: 8,
  directories: [
    { id: 7, path: '', modifiedSeconds: 1_700_000_000, fingerprint: 'ab12', changedIn: 1, readable: true, sample: [] },
    {
      id: 3,
      path: 'räksmörgås/os',
      modifiedSeconds: 1_600_000_000,
      fingerprint: '',
      changedIn: generation,
      readable: false,
      sample: [{ name: 'new\nline', sizeBytes: 2 ** 40, modifiedSeconds: 1_700_000_001 }],
    },
  ],
  repositories: [
    {
      repo: 'fedora-41',
      arch: 'x86_64',
      type: 'rpm',
      directory: 'os',
      headPath: 'os/repodata/repomd.xml',
      heads: [
        {
          sizeBytes: 5,
          timestampSeconds: 1,
          hashes: { md5: '0', sha1: '1', sha256: '2', sha512: '3' },
          firstSeenMs: 9,
        },
      ],
    },
  ],
});

const published = (publish: ManifestPublish): ManifestPointer => {
  if (publish.kind !== 'published') throw new Error('expected to have published');
  return publish.pointer;
};

const pointerOf = (generation: number, changedMs: number, scannedMs: number) => ({
  category: 'fedora',
  generation,
  name: expect.stringMatching(/^[0-9a-f]{64}$/),
  changedMs,
  scannedMs,
});

export const manifestStoreContract = (make: MakePlace<ManifestStore>): void => {
  describe('publishing', () => {
    test('moves the pointer from nothing to the first manifest, which reads back whole', async () => {
      const place = await make();
      const store = place.open();
      expect(await store.pointer('fedora')).toBeUndefined();
      const pointer = published(await store.publish(manifestOf(1), undefined, 1_500));
      expect(pointer).toEqual(pointerOf(1, 1_000, 1_500));
      expect(await place.open().pointer('fedora')).toEqual(pointer);
      expect(await place.open().read(pointer)).toEqual(manifestOf(1));
    });

    test('moves on from the generation it names, and the earlier manifest stays readable', async () => {
      const store = (await make()).open();
      const first = published(await store.publish(manifestOf(1), undefined, 1_500));
      const second = published(await store.publish(manifestOf(2), 1, 2_500));
      expect(await store.pointer('fedora')).toEqual(second);
      expect(await store.read(first)).toEqual(manifestOf(1));
      expect(await store.read(second)).toEqual(manifestOf(2));
    });

    test.each([
      ['a first manifest where there is one already', 1, undefined],
      ['a manifest made from an older generation', 3, 2],
    ])('%s is lost and names the winner', async (_name, generation, expected) => {
      const store = (await make()).open();
      const winner = published(await store.publish(manifestOf(1), undefined, 1_500));
      const late = await store.publish(manifestOf(generation, 77), expected, 2_500);
      expect(late).toEqual({ kind: 'lost', winner });
      expect(await store.pointer('fedora')).toEqual(winner);
    });

    test('on top of what was never there is lost to nobody', async () => {
      const store = (await make()).open();
      expect(await store.publish(manifestOf(5), 4, 1)).toEqual({ kind: 'lost', winner: undefined });
      expect(await store.pointer('fedora')).toBeUndefined();
    });

    test('by many at once has one winner, whom all others are told', async () => {
      const place = await make();
      const publishes = await Promise.all(
        Array.from({ length: 8 }, (_, index) => place.open().publish(manifestOf(1, index + 1), undefined, 9)),
      );
      const winner = await place.open().pointer('fedora');
      expect(publishes.filter(({ kind }) => kind === 'published')).toEqual([{ kind: 'published', pointer: winner }]);
      expect(publishes.filter(({ kind }) => kind === 'lost')).toEqual(Array(7).fill({ kind: 'lost', winner }));
    });

    test('of one category says nothing of another', async () => {
      const store = (await make()).open();
      const fedora = published(await store.publish(manifestOf(1), undefined, 9));
      const epel = published(await store.publish(manifestOf(1, 5, 'epel'), undefined, 9));
      expect([await store.pointer('fedora'), await store.pointer('epel')]).toEqual([fedora, epel]);
    });

    test('never goes back: a manifest whose generation does not follow is refused', async () => {
      const store = (await make()).open();
      await store.publish(manifestOf(2), undefined, 9);
      await expect(store.publish(manifestOf(2), 2, 9)).rejects.toThrow('generation 2 cannot follow 2');
    });
  });

  describe('confirming', () => {
    test('notes the time of a later scan, and never an earlier one', async () => {
      const store = (await make()).open();
      const pointer = published(await store.publish(manifestOf(1), undefined, 1_500));
      await store.confirm(pointer, 9_000);
      await store.confirm(pointer, 8_000);
      expect(await store.pointer('fedora')).toEqual({ ...pointer, scannedMs: 9_000 });
    });

    test('is harmless when the pointer has moved on, or was never there', async () => {
      const store = (await make()).open();
      const first = published(await store.publish(manifestOf(1), undefined, 1_500));
      const second = published(await store.publish(manifestOf(2), 1, 2_500));
      await store.confirm(first, 9_000);
      await store.confirm({ ...first, category: 'epel' }, 9_000);
      expect(await store.pointer('fedora')).toEqual(second);
      expect(await store.pointer('epel')).toBeUndefined();
    });
  });

  test('a pointer to an object that is not there is poison, not a fault', async () => {
    const store = (await make()).open();
    const missing = { category: 'fedora', generation: 1, name: '0'.repeat(64), changedMs: 0, scannedMs: 0 };
    await expect(store.read(missing)).rejects.toThrow(WireError);
  });

  describe('faults', () => {
    test.each(['PutObjectCommand', 'UpdateItemCommand'])('a lost reply to %s still counts as published', async (command) => {
      const place = await make();
      const unlucky = place.open(onCommand(command, { kind: 'reply-lost' }));
      const first = published(await unlucky.publish(manifestOf(1), undefined, 1_500));
      expect(first).toEqual(pointerOf(1, 1_000, 1_500));
      expect(await place.open().pointer('fedora')).toEqual(first);
      const again = place.open(onCommand(command, { kind: 'reply-lost' }));
      const second = published(await again.publish(manifestOf(2), 1, 2_500));
      expect(await place.open().read(second)).toEqual(manifestOf(2));
    });

    test.each(['throttled', 'request-lost'] as const)('%s twice is survived', async (kind) => {
      const store = (await make()).open(onCommand('UpdateItemCommand', { kind }, { kind }));
      expect(published(await store.publish(manifestOf(1), undefined, 1_500))).toEqual(pointerOf(1, 1_000, 1_500));
    });

    test.each(['throttled', 'request-lost'] as const)('%s without end is a Fault, and the pointer stays', async (kind) => {
      const place = await make();
      const store = place.open(({ command }) => (command === 'PutObjectCommand' ? undefined : { kind }));
      await expect(store.publish(manifestOf(1), undefined, 1)).rejects.toThrow(Fault);
      await expect(store.pointer('fedora')).rejects.toThrow(Fault);
      await expect(store.confirm({ ...pointerOf(1, 1, 1), name: 'x' }, 2)).rejects.toThrow(Fault);
      expect(await place.open().pointer('fedora')).toBeUndefined();
    });
  });
};
