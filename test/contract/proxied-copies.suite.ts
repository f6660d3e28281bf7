import { DeleteItemCommand, GetItemCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dynamoProxiedCopies } from '#adapters/aws/dynamo-proxied-copies.ts';
import { fromAttributes, toAttributes } from '#adapters/aws/plain-item.ts';
import { BYTES_KEPT_MS, type KeptCopy, type KeptFile } from '#domain/content/proxy-copy.ts';
import { Fault } from '#domain/errors.ts';
import type { ProxiedCopies } from '#ports/proxied-copies.ts';
import { proxiedKey } from '#wire/volume/proxied-item.ts';
import type { EmulatorsInTest } from '../support/emulators.ts';
import { onCommand } from '../support/fault-injection.ts';
import { hashOf } from '../support/tree-arbitrary.ts';
import { faulty, freshTable, type Place, quickRetries } from './places.ts';

interface CopiesPlace extends Place<ProxiedCopies> {
  readonly item: (url: string) => Promise<Readonly<Record<string, unknown>>>;
  readonly removeItem: (url: string) => Promise<void>;
}

export const proxiedCopies =
  (emulators: EmulatorsInTest, dynamoDb: EmulatorsInTest['dynamoDb'] = emulators.dynamoDb) =>
  async (): Promise<CopiesPlace> => {
    const table = await freshTable(dynamoDb(), emulators.freshName('volumes'), 'pk', 'sk');
    const at = (url: string) => ({ TableName: table, Key: toAttributes({ ...proxiedKey('pypi', url, hashOf) }) });
    return {
      open: (plan) => dynamoProxiedCopies(faulty(dynamoDb(quickRetries()), plan), table),
      item: async (url) => fromAttributes((await dynamoDb().send(new GetItemCommand(at(url)))).Item ?? {}),
      removeItem: async (url) => void (await dynamoDb().send(new DeleteItemCommand(at(url)))),
    };
  };

const URL = 'https://upstream.example/a/b?';
const OF = { volume: 'pypi', url: URL };
const NOTHING = { copy: undefined, leasedUntilMs: undefined };

const file = (more: Partial<KeptFile> = {}): KeptFile => ({
  kind: 'file',
  sha256: hashOf('x'),
  sizeBytes: 3,
  contentType: 'text/html; charset=utf-8',
  etag: 'W/"1"',
  lastModified: undefined,
  isSure: true,
  storedMs: 2_000,
  url: URL,
  ...more,
});
const copyOf = (known: KeptCopy['known'], more: Partial<KeptCopy> = {}): KeptCopy => ({
  known,
  checkedMs: 3_000,
  trouble: undefined,
  ...more,
});
const lease = (by: string, nowMs = 1_000) => ({ by, nowMs, untilMs: nowMs + 500 });

export const proxiedCopiesContract = (make: () => Promise<CopiesPlace>): void => {
  test('what was learnt under a lease is there, and the lease is not', async () => {
    const copies = (await make()).open();
    expect(await copies.look(OF)).toEqual(NOTHING);
    expect(await copies.lease(OF, lease('one'))).toEqual({ kind: 'leased', copy: undefined, leasedUntilMs: 1_500 });
    const copy = copyOf(file());
    await copies.settle(OF, 'one', copy);
    expect(await copies.look(OF)).toEqual({ copy, leasedUntilMs: undefined });
    expect(await copies.look({ ...OF, volume: 'other' })).toEqual(NOTHING);
    expect(await copies.look({ ...OF, url: `${URL}2` })).toEqual(NOTHING);
    expect(await copies.lease(OF, lease('two'))).toEqual({ kind: 'leased', copy, leasedUntilMs: 1_500 });
    await copies.release(OF, 'two');
    expect(await copies.look(OF)).toEqual({ copy, leasedUntilMs: undefined });
  });

  test('whatever is kept of a URL comes back, however long the URL is', async () => {
    const copies = (await make()).open();
    const text = fc.option(fc.string({ minLength: 1, maxLength: 20 }), { nil: undefined });
    const known = fc.oneof(
      fc.record({ etag: text, lastModified: text, sizeBytes: fc.nat() }).map(file),
      fc.constantFrom({ kind: 'absent' as const }, { kind: 'large' as const }, { kind: 'directory' as const }, undefined),
    );
    const trouble = fc.constantFrom(undefined, { kind: 'timeout' as const, reason: 'dead', untilMs: 7 });
    const url = fc
      .string({ unit: fc.constantFrom('a', 'ä', '/', '😀'), maxLength: 20 })
      .chain((one) => fc.constantFrom(1, 40, 400).map((times) => `https://u/${one.repeat(times)}`));
    await fc.assert(
      fc.asyncProperty(url, known, trouble, async (at, what, failure) => {
        const copy = copyOf(what, { trouble: failure });
        const of = { volume: 'pypi', url: at };
        await copies.lease(of, lease('one'));
        await copies.settle(of, 'one', copy);
        expect(await copies.look(of)).toEqual({ copy, leasedUntilMs: undefined });
      }),
      { numRuns: 30 },
    );
  });

  test('a lease is taken from nobody before it has lapsed, and what a former holder learnt is not written', async () => {
    const copies = (await make()).open();
    await copies.lease(OF, lease('one'));
    expect(await copies.lease(OF, lease('two', 1_499))).toEqual({ kind: 'taken', copy: undefined, leasedUntilMs: 1_500 });
    expect(await copies.lease(OF, lease('two', 1_500))).toEqual({ kind: 'leased', copy: undefined, leasedUntilMs: 2_000 });
    await copies.settle(OF, 'one', copyOf({ kind: 'absent' }));
    await copies.release(OF, 'one');
    expect(await copies.look(OF)).toEqual({ copy: undefined, leasedUntilMs: 2_000 });
    await copies.settle(OF, 'two', copyOf({ kind: 'large' }));
    expect(await copies.look(OF)).toEqual({ copy: copyOf({ kind: 'large' }), leasedUntilMs: undefined });
  });

  test('of many that lease at once one does, and who comes later sees what that one learnt', async () => {
    const place = await make();
    const leases = await Promise.all(Array.from({ length: 12 }, (_, at) => place.open().lease(OF, lease(`${at}`))));
    expect(leases.map(({ kind }) => kind).toSorted()).toEqual(['leased', ...Array(11).fill('taken')]);
  });

  test('an item goes with the bytes, or after a day', async () => {
    const { open, item } = await make();
    const copies = open();
    const expires = async (): Promise<unknown> => (await item(URL))['ttl'];
    await copies.lease(OF, lease('one'));
    expect(await expires()).toBe(1 + 86_400);
    await copies.settle(OF, 'one', copyOf(file()));
    expect(await expires()).toBe((2_000 + BYTES_KEPT_MS) / 1_000);
    await copies.renewed(OF, hashOf('x'), 10_000);
    expect(await copies.look(OF)).toEqual({ copy: copyOf(file({ storedMs: 10_000 })), leasedUntilMs: undefined });
    expect(await expires()).toBe((10_000 + BYTES_KEPT_MS) / 1_000);
    await copies.lease(OF, lease('two'));
    await copies.settle(OF, 'two', copyOf({ kind: 'absent' }));
    expect(await expires()).toBe(3 + 86_400);
  });

  test('other bytes than those that were renewed, and none at all, stay as they are', async () => {
    const { open, item, removeItem } = await make();
    const copies = open();
    await copies.lease(OF, lease('one'));
    await copies.settle(OF, 'one', copyOf(file()));
    const before = await item(URL);
    await copies.renewed(OF, hashOf('other'), 10_000);
    expect(await item(URL)).toEqual(before);
    await removeItem(URL);
    await copies.renewed(OF, hashOf('x'), 10_000);
    expect(await item(URL)).toEqual({});
  });

  test('a lost reply changes nothing', async () => {
    const copies = (await make()).open(onCommand('UpdateItemCommand', { kind: 'reply-lost' }));
    expect(await copies.lease(OF, lease('one'))).toMatchObject({ kind: 'leased' });
    await copies.settle(OF, 'one', copyOf(file()));
    await copies.renewed(OF, hashOf('x'), 10_000);
    await copies.release(OF, 'one');
    expect(await copies.look(OF)).toEqual({ copy: copyOf(file({ storedMs: 10_000 })), leasedUntilMs: undefined });
  });

  test('a table that does not answer is a Fault', async () => {
    const copies = (await make()).open(() => ({ kind: 'request-lost' }));
    await expect(copies.look(OF)).rejects.toThrow(Fault);
    await expect(copies.lease(OF, lease('one'))).rejects.toThrow(Fault);
    await expect(copies.settle(OF, 'one', copyOf(undefined))).rejects.toThrow(Fault);
  });
};
