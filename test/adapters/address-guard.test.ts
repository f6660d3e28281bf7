import { lookup as systemLookup } from 'node:dns';
import { once } from 'node:events';
import { connect, createServer, type LookupFunction } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AddressGuardOptions, AddressRefused, addressGuard } from '#adapters/net/address-guard.ts';

const strict = addressGuard();

const allowed = (address: string, allow: string[] = []): boolean => addressGuard({ allow }).check(address).allowed;

describe('check', () => {
  it.each([
    ['a public IPv4 address', '151.101.1.132'],
    ['the address before a private range', '172.15.255.255'],
    ['the address after a private range', '172.32.0.0'],
    ['the address after carrier-grade NAT', '100.128.0.0'],
    ['a public IPv6 address', '2a04:4e42::644'],
    ['the last address that IANA gives out', '3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['a public IPv4 address in IPv6 spelling', '::ffff:151.101.1.132'],
    ['a public IPv4 address behind NAT64', '64:ff9b::9765:184'],
    ['a public IPv4 address as 6to4', '2002:9765:184::1'],
  ])('lets %s through', (_, address) => {
    expect(strict.check(address)).toEqual({ allowed: true });
  });

  it.each([
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.255', 'loopback'],
    ['169.254.1.1', 'linkLocal'],
    ['169.254.169.254', 'cloud metadata'],
    ['168.63.129.16', 'cloud metadata'],
    ['100.64.0.1', 'carrierGradeNat'],
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'broadcast'],
    ['240.0.0.1', 'reserved'],
    ['192.0.0.8', 'reserved'],
    ['192.0.2.1', 'reserved'],
    ['198.51.100.1', 'reserved'],
    ['203.0.113.1', 'reserved'],
    ['198.18.0.1', 'reserved'],
    ['192.88.99.1', 'reserved'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['fe80::1', 'linkLocal'],
    ['fe80::1%eth0', 'an address with a zone is local'],
    ['fc00::1', 'uniqueLocal'],
    ['fd00:ec2::254', 'cloud metadata'],
    ['fec0::1', 'deprecatedSiteLocal'],
    ['ff02::1', 'multicast'],
    ['100::1', 'discard'],
    ['2001:db8::1', 'reserved'],
    ['3fff::1', 'reserved'],
    ['2001:2::1', 'benchmarking'],
    ['2001::1', 'teredo'],
    ['::127.0.0.1', 'outside global unicast'],
    ['::151.101.1.132', 'outside global unicast'],
    ['4000::1', 'outside global unicast'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:a9fe:a9fe', 'cloud metadata'],
    ['::ffff:0:127.0.0.1', 'rfc6145'],
    ['64:ff9b::127.0.0.1', 'carries 127.0.0.1 (loopback)'],
    ['64:ff9b::a9fe:a9fe', 'carries 169.254.169.254 (cloud metadata)'],
    ['64:ff9b:1::1', 'rfc6052'],
    ['2002:7f00:1::1', 'carries 127.0.0.1 (loopback)'],
    ['2002:a00:1::', 'carries 10.0.0.1 (private)'],
    ['2001:0:a9fe:a9fe::1', 'teredo'],
    ['', 'not an IP address'],
    ['localhost', 'not an IP address'],
    ['127.1', 'not an IP address'],
    ['2130706433', 'not an IP address'],
    ['0x7f.0.0.1', 'not an IP address'],
    ['0177.0.0.1', 'not an IP address'],
    ['[::1]', 'not an IP address'],
    ['1.2.3.4\n', 'not an IP address'],
  ])('refuses %s', (address, reason) => {
    expect(strict.check(address)).toEqual({ allowed: false, reason });
  });

  it('lets through what the operator allows, in either spelling, and nothing beside it', () => {
    const allow = ['127.0.0.0/8', 'fd12:3456::/32', '10.1.2.3'];
    expect(['127.0.0.1', '::ffff:127.9.9.9', 'fd12:3456::1', '10.1.2.3'].map((one) => allowed(one, allow))).toEqual(
      Array(4).fill(true),
    );
    expect(['::1', '10.1.2.4', 'fd12:3457::1', '64:ff9b::7f00:1', '2002:7f00:1::'].map((one) => allowed(one, allow))).toEqual(
      Array(5).fill(false),
    );
  });

  it('never opens the metadata service, however wide the allowed range', () => {
    const allow = ['0.0.0.0/0', '::/0'];
    const metadata = ['169.254.169.254', '::ffff:169.254.169.254', '169.254.170.2', 'fd00:ec2::254', 'fd20:ce::254'];
    expect(metadata.map((one) => allowed(one, allow))).toEqual(metadata.map(() => false));
  });

  it.each(['127.0.0.0/33', '127.1/8', 'example.org', '', '0x7f.0.0.1', '10.0.0.0/8/8'])(
    'rejects %j as an allowed range',
    (range) => {
      expect(() => addressGuard({ allow: [range] })).toThrow();
    },
  );
});

const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
const hex = ([a, b, c, d]: readonly [number, number, number, number]): string =>
  `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;

/** The same table written as arithmetic, so that a slip in one of the two shows. */
const isPublicV4 = ([a, b, c, d]: readonly [number, number, number, number]): boolean =>
  !(
    a === 0 ||
    a === 10 ||
    a === 127 ||
    a >= 224 ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 168 && b === 63 && c === 129 && d === 16) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 0 && (c === 0 || c === 2)) ||
    (a === 192 && b === 31 && c === 196) ||
    (a === 192 && b === 52 && c === 193) ||
    (a === 192 && b === 88 && c === 99) ||
    (a === 192 && b === 168) ||
    (a === 192 && b === 175 && c === 48) ||
    (a === 198 && (b === 18 || b === 19)) ||
    (a === 198 && b === 51 && c === 100) ||
    (a === 203 && b === 0 && c === 113)
  );

// Uniform addresses rarely meet a special range, so half of them begin like one.
const FIRST_OCTETS: [number, number][] = [
  [192, 0],
  [192, 31],
  [192, 52],
  [192, 88],
  [192, 168],
  [192, 175],
  [198, 18],
  [198, 51],
  [203, 0],
  [172, 16],
  [169, 254],
  [100, 64],
  [168, 63],
  [127, 0],
  [10, 0],
];
const nearSpecial = fc
  .tuple(fc.constantFrom(...FIRST_OCTETS), fc.constantFrom(0, 2, 48, 99, 100, 113, 129, 193, 196, 255), fc.nat(255))
  .map(([[a, b], c, d]): [number, number, number, number] => [a, b, c, d]);
const anyV4 = fc.oneof(octets, nearSpecial);

describe('properties of check', () => {
  it('agrees with the written-out table for every IPv4 address', () => {
    fc.assert(
      fc.property(anyV4, (address) => {
        expect(strict.check(address.join('.')).allowed).toBe(isPublicV4(address));
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives an IPv4 address and each form that leads to it the same verdict', () => {
    fc.assert(
      fc.property(anyV4, (address) => {
        const forms = [
          `::ffff:${address.join('.')}`,
          `::ffff:${hex(address)}`,
          `64:ff9b::${hex(address)}`,
          `2002:${hex(address)}::1`,
        ];
        const expected = strict.check(address.join('.')).allowed;
        expect(forms.map((form) => strict.check(form).allowed)).toEqual(forms.map(() => expected));
      }),
      { numRuns: 1_000 },
    );
  });

  it('lets no IPv6 address through from outside 2000::/3, translated IPv4 aside', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const verdict = strict.check(address);
        const first = Number.parseInt(address.split(':')[0] || '0', 16);
        const translated = /^(0{0,4}:)*(:|0064:ff9b|64:ff9b|ffff)/i.test(address);
        expect(verdict.allowed && (first < 0x2000 || first > 0x3fff) && !translated).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  it('answers for any text whatever', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(typeof strict.check(text).allowed).toBe('boolean');
      }),
    );
  });
});

describe('checkHost', () => {
  it('judges an address in a URL and leaves a name to the lookup', () => {
    const hosts = ['127.0.0.1', '[::1]', '::1', '[::ffff:10.0.0.1]', '[', '[]', '[localhost]', '151.101.1.132', 'example.org'];
    expect(hosts.map((host) => strict.checkHost(host).allowed)).toEqual([
      false,
      false,
      false,
      false,
      false,
      false,
      false,
      true,
      true,
    ]);
  });
});

const answering =
  (...addresses: string[]): AddressGuardOptions['resolve'] =>
  (_host, _options, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

const resolveWith = (lookup: LookupFunction, all: boolean): Promise<unknown> =>
  new Promise((resolve, reject) => {
    lookup('mirror.example.org', { all }, (error, address, family) =>
      error ? reject(error) : resolve(all ? address : [address, family]),
    );
  });

describe('lookup', () => {
  const mixed = addressGuard({ resolve: answering('10.0.0.1', '151.101.1.132', '::1', '2a04:4e42::644') });

  it('keeps the allowed addresses of a name', async () => {
    expect(await resolveWith(mixed.lookup, true)).toEqual([
      { address: '151.101.1.132', family: 4 },
      { address: '2a04:4e42::644', family: 6 },
    ]);
    expect(await resolveWith(mixed.lookup, false)).toEqual(['151.101.1.132', 4]);
  });

  it('fails with a type of its own when a name leads to refused addresses only', async () => {
    const guard = addressGuard({ resolve: answering('10.0.0.1', '169.254.169.254') });
    const failure = await resolveWith(guard.lookup, true).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AddressRefused);
    expect(failure).toMatchObject({
      code: 'ERR_ADDRESS_REFUSED',
      host: 'mirror.example.org',
      message: 'mirror.example.org is not a public address: 10.0.0.1 private, 169.254.169.254 cloud metadata',
    });
  });

  it('fails for a name without addresses', async () => {
    await expect(resolveWith(addressGuard({ resolve: answering() }).lookup, true)).rejects.toBeInstanceOf(AddressRefused);
  });

  it('hands on what the name service says when it fails', async () => {
    const broken = new Error('SERVFAIL');
    const guard = addressGuard({ resolve: (_host, _options, done) => done(broken, []) });
    await expect(resolveWith(guard.lookup, false)).rejects.toBe(broken);
  });

  it('works inside node:net, for one family and for two', async () => {
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const open = addressGuard({ allow: ['127.0.0.0/8'], resolve: answering('::1', '127.0.0.1') });
    for (const autoSelectFamily of [true, false]) {
      const socket = connect({ host: 'mirror.example.org', port: address.port, lookup: open.lookup, autoSelectFamily });
      await once(socket, 'connect');
      expect(socket.remoteAddress).toBe('127.0.0.1');
      socket.destroy();
      const refused = connect({ host: 'localhost', port: address.port, lookup: addressGuard().lookup, autoSelectFamily });
      await expect(once(refused, 'connect')).rejects.toMatchObject({ code: 'ERR_ADDRESS_REFUSED' });
    }
    server.close();
    await once(server, 'close');
  });

  it('uses the name service of the system by default', async () => {
    const expected = await new Promise((resolve) => {
      systemLookup('localhost', { all: true, family: 4 }, (_error, addresses) => resolve(addresses));
    });
    const guard = addressGuard({ allow: ['127.0.0.0/8'] });
    const found = await new Promise((resolve, reject) => {
      guard.lookup('localhost', { all: true, family: 4 }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
    });
    expect(found).toEqual(expected);
  });
});
