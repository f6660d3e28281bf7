import fc from 'fast-check';
import * as ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { compareNetblocks, containsNetblock, containsRange, isIpv4, parseNetblock } from '#domain/selection/netblock.ts';

const anyCidr = fc.oneof(
  fc.tuple(fc.ipV4(), fc.nat(32)).map(([address, length]) => `${address}/${length}`),
  // ipaddr.js takes `::192.0.2.1` for an IPv4-mapped address, which it is not (RFC 4291 2.5.5.1): dotted tails have their own test.
  fc
    .tuple(
      fc.ipV6().filter((address) => !address.includes('.')),
      fc.nat(128),
    )
    .map(([address, length]) => `${address}/${length}`),
);

const library = (text: string): { readonly bits: string; readonly length: number; readonly v4: boolean } => {
  const [address, length] = ipaddr.parseCIDR(text);
  const v4 = address.kind() === 'ipv4';
  return {
    bits: address
      .toByteArray()
      .map((byte) => byte.toString(2).padStart(8, '0'))
      .join(''),
    length,
    v4,
  };
};

describe('a netblock', () => {
  it('is read as ipaddr.js reads it', () => {
    fc.assert(
      fc.property(anyCidr, (text) => {
        const { bits, length, v4 } = library(text);
        const whole = (v4 ? `${'0'.repeat(80)}${'1'.repeat(16)}` : '') + bits;
        const prefix = v4 ? length + 96 : length;
        const cut = whole.slice(0, prefix).padEnd(128, '0');
        const words = [0, 1, 2, 3].map((n) => Number.parseInt(cut.slice(32 * n, 32 * n + 32), 2));
        expect(parseNetblock(text)).toEqual({ words, prefix });
      }),
      { numRuns: 500 },
    );
  });

  it('may be one address', () => {
    expect(parseNetblock('192.0.2.1')).toEqual({ words: [0, 0, 0xffff, 0xc0000201], prefix: 128 });
    expect(parseNetblock('::ffff:192.0.2.1')).toEqual(parseNetblock('192.0.2.1'));
    expect(parseNetblock('::192.0.2.1')).toEqual({ words: [0, 0, 0, 0xc0000201], prefix: 128 });
    expect(parseNetblock('::')).toEqual({ words: [0, 0, 0, 0], prefix: 128 });
  });

  it.each([
    '',
    '/',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.4/33',
    '1.2.3.4/',
    '1.2.3.4/-1',
    ':::',
    '1::2::3',
    '::/129',
    '12345::',
    'x',
    '1:2:3:4:5:6:7',
    '::1.2.3',
    'fe80::1%eth0',
  ])('is not %j', (text) => {
    expect(parseNetblock(text)).toBeUndefined();
  });

  it('is nothing else, whatever the text', () => {
    fc.assert(fc.property(fc.string(), (text) => parseNetblock(text) === undefined || ipaddr.isValid(text.split('/')[0] ?? '')));
  });

  it('is inside those that contain it, and these come first', () => {
    fc.assert(
      fc.property(anyCidr, fc.nat(128), (text, less) => {
        const inner = parseNetblock(text);
        const outer = parseNetblock(`${text.split('/')[0]}/${Math.max(0, Number(text.split('/')[1]) - less)}`);
        if (inner === undefined || outer === undefined) throw new Error('both are netblocks');
        expect(containsRange(outer, inner)).toBe(true);
        expect(containsNetblock(outer, inner)).toBe(isIpv4(outer) === isIpv4(inner));
        expect(compareNetblocks(outer, inner)).toBeLessThanOrEqual(0);
      }),
    );
  });
});
