import { expect, test } from 'vitest';
import { cloudfrontEdgeTable, keyValueStoreClient } from '#adapters/aws/cloudfront-edge-table.ts';
import { type FaultPlan, injectFaults, onCommand } from '../support/fault-injection.ts';
import { edgeTableContract } from './edge-table.suite.ts';
import { keyValueStore } from './key-value-store.ts';

const ARN = 'arn:aws:cloudfront::123456789012:key-value-store/0a1b2c3d-1111-2222-3333-444455556666';
const credentials = () => ({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' });

const placeOf = () => {
  const store = keyValueStore();
  return {
    store,
    open: (plan?: FaultPlan) => {
      const client = keyValueStoreClient({
        region: 'us-east-1',
        credentials: credentials(),
        requestHandler: store.requestHandler,
      });
      if (plan !== undefined) injectFaults(client, plan);
      return cloudfrontEdgeTable(client, ARN);
    },
  };
};

edgeTableContract(async () => placeOf());

const entriesOf = (count: number) => Array.from({ length: count }, (_, index) => ({ key: `asn/${index}`, value: '1' }));

test('tables larger than a page and an update are replaced whole', async () => {
  const { store, open } = placeOf();
  expect(await open().replace(entriesOf(170))).toBe(170);
  expect(await open().replace(entriesOf(60))).toBe(110);
  expect([...store.entries.keys()].sort()).toEqual(
    entriesOf(60)
      .map(({ key }) => key)
      .sort(),
  );
});

test('requests are signed for all regions', async () => {
  const { store, open } = placeOf();
  await open().replace(entriesOf(1));
  for (const authorization of store.authorizations) expect(authorization).toMatch(/^AWS4-ECDSA-P256-SHA256 /);
});

test('a lost reply in the middle is settled by listing again', async () => {
  const { store, open } = placeOf();
  await open(onCommand('UpdateKeysCommand', undefined, { kind: 'reply-lost' })).replace(entriesOf(170));
  expect(store.entries.size).toBe(170);
});
