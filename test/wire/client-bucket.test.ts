import fc from 'fast-check';
import { expect, it } from 'vitest';
import { UNKNOWN_CLIENT } from '#domain/selection/client.ts';
import { parseClientBucket, printClientBucket } from '#wire/client-bucket.ts';
import { anyClient } from '../support/snapshot-document.ts';

it('reads back every client that it prints', () => {
  const odd = fc.record({
    netblock: fc.constantFrom(undefined, '2001:db8::/32', '10.0.0.0/8'),
    asn: fc.option(fc.integer({ min: 1, max: 0xffffffff }), { nil: undefined }),
    country: fc.constantFrom(undefined, 'DE', 'ZZ'),
    variant: fc.nat(7),
  });
  fc.assert(
    fc.property(fc.oneof(anyClient, odd), (client) => {
      const { bucket, variant } = printClientBucket(client);
      expect(parseClientBucket(bucket, variant)).toEqual(client);
    }),
  );
});

it('prints the parts in one order and leaves unknown ones out', () => {
  expect(printClientBucket({ netblock: '10.0.0.0/8', asn: 64_500, country: 'DE', variant: 3 })).toEqual({
    bucket: 'n=10.0.0.0/8;a=64500;c=DE',
    variant: '3',
  });
  expect(printClientBucket(UNKNOWN_CLIENT)).toEqual({ bucket: '', variant: '0' });
});

it.each([
  [undefined, undefined],
  ['', ''],
  ['n=;a=;c=', '8'],
  ['n=nonsense;a=4294967296;c=de', '-1'],
  ['a=1e3;c=DEU;x=1', '1.5'],
  [`n=${'1'.repeat(500)}`, 'x'],
])('takes what does not parse for unknown: %s %s', (bucket, variant) => {
  expect(parseClientBucket(bucket, variant)).toEqual(UNKNOWN_CLIENT);
});

it('never throws', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (bucket, variant) => parseClientBucket(bucket, variant).variant < 8));
});
