import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { edgeEntries } from '#domain/selection/edge-entries.ts';
import { anyDocument, sketchNetwork } from '../../support/snapshot-document.ts';

describe('the edge table', () => {
  it('names netblocks by length and hexadecimal network, lengths longest first, and registered networks', () => {
    const document = {
      ...sketchNetwork({ hosts: ['a DE net=10.0.0.0/8,2001:db8::/32 asn=64500', 'b DE net=10.0.0.0/8,192.0.2.128/25'] }),
      countryOverrides: [
        { netblock: '10.0.0.0/8', country: 'SE' },
        { netblock: '198.51.100.0/24', country: 'NO' },
        { netblock: 'nonsense', country: 'NO' },
      ],
    };
    expect(edgeEntries(document)).toEqual([
      { key: 'asn/64500', value: '1' },
      { key: 'lengths4', value: '25,24,8' },
      { key: 'lengths6', value: '32' },
      { key: 'p4/24/c6336400', value: 'c=NO' },
      { key: 'p4/25/c0000280', value: 'h' },
      { key: 'p4/8/0a000000', value: 'h;c=SE' },
      { key: 'p6/32/20010db8000000000000000000000000', value: 'h' },
    ]);
  });

  it('has every key once, sorted', () => {
    fc.assert(
      fc.property(anyDocument, (document) => {
        const keys = edgeEntries(document).map(({ key }) => key);
        expect(keys).toEqual([...new Set(keys)].sort());
      }),
    );
  });
});
