import { expect, test } from 'vitest';
import type { Facts } from '#domain/crawl/observation.ts';
import { Fault } from '#domain/errors.ts';
import type { FactsStore } from '#ports/observation-store.ts';
import { onCommand } from '../support/fault-injection.ts';
import type { MakePlace } from './places.ts';

const FACTS: Facts = {
  category: 'fedora',
  heads: {
    'os/repodata/repomd.xml': { kind: 'digest', sha256: 'ab'.repeat(32) },
    'a/repodata/repomd.xml': { kind: 'absent' },
  },
  excluded: [0, 1, 2, 9, 190_000],
};

export const factsStoreContract = (make: MakePlace<FactsStore>): void => {
  test('facts come back by the name they were given', async () => {
    const place = await make();
    const name = await place.open().put(FACTS);
    expect(await place.open().get('fedora', name)).toEqual(FACTS);
  });

  test('equal facts have one name, whatever the order of their heads; others have another', async () => {
    const store = (await make()).open();
    const name = await store.put(FACTS);
    expect(await store.put({ ...FACTS, heads: Object.fromEntries(Object.entries(FACTS.heads).reverse()) })).toBe(name);
    expect(await store.put({ ...FACTS, excluded: [] })).not.toBe(name);
  });

  test('facts that were never stored are undefined, until they are', async () => {
    const place = await make();
    const name = await (await make()).open().put(FACTS);
    const store = place.open();
    expect(await store.get('fedora', name)).toBeUndefined();
    await store.put(FACTS);
    expect(await store.get('fedora', name)).toEqual(FACTS);
  });

  test('facts are read over the network once', async () => {
    const place = await make();
    const name = await place.open().put(FACTS);
    const reads: string[] = [];
    const store = place.open(({ command }) => {
      reads.push(command);
      return undefined;
    });
    await Promise.all([store.get('fedora', name), store.get('fedora', name)]);
    expect(await store.get('fedora', name)).toEqual(FACTS);
    expect(reads).toEqual(['GetObjectCommand']);
  });

  test('many writers of the same facts all succeed', async () => {
    const place = await make();
    const names = await Promise.all(Array.from({ length: 8 }, () => place.open().put(FACTS)));
    expect(new Set(names).size).toBe(1);
  });

  test('a lost reply changes nothing', async () => {
    const place = await make();
    const name = await place.open(onCommand('PutObjectCommand', { kind: 'reply-lost' })).put(FACTS);
    expect(await place.open(onCommand('GetObjectCommand', { kind: 'reply-lost' })).get('fedora', name)).toEqual(FACTS);
  });

  test('a failed read is a Fault and is not remembered', async () => {
    const place = await make();
    const name = await place.open().put(FACTS);
    const lost = { kind: 'request-lost' } as const;
    const store = place.open(onCommand('GetObjectCommand', lost, lost, lost));
    await expect(store.get('fedora', name)).rejects.toThrow(Fault);
    expect(await store.get('fedora', name)).toEqual(FACTS);
  });
};
