import { expect, test } from 'vitest';
import { type NetblockLimits, netblockProblems } from '#wire/network-file/netblock-checks.ts';
import { printPath } from '#wire/network-file/problem.ts';

const OWNER: NetblockLimits = { private: false, allowedAddresses: [], minimumPrefix: { ipv4: 16, ipv6: 32 } };
const ADMINISTRATOR: NetblockLimits = { private: false, allowedAddresses: [] };

const refused = (netblocks: readonly unknown[], limits: NetblockLimits): readonly string[] =>
  netblockProblems({ netblocks }, limits).map(({ path, message }) => `${printPath(path)}: ${message}`);

test('an owner registers netblocks up to the size that the network allows', () => {
  expect(refused(['192.0.0.0/15', '192.0.0.0/16', '2001:db8::/31', '2001:db8::/32', '203.0.113.7'], OWNER)).toEqual([
    'netblocks[0]: 192.0.0.0/15 has a shorter prefix than /16; an administrator of the network can register it',
    'netblocks[2]: 2001:db8::/31 has a shorter prefix than /32; an administrator of the network can register it',
  ]);
});

test('an administrator registers netblocks of any size', () => {
  expect(refused(['192.0.0.0/3', '2000::/3'], ADMINISTRATOR)).toEqual([]);
});

test('an owner who changes something else keeps what an administrator registered, but not a part or more of it', () => {
  const limits = { ...OWNER, registered: ['192.0.0.0/8'] };
  expect(refused(['192.1.2.3/8'], limits)).toEqual([]);
  expect(refused(['192.0.0.0/7', '192.0.0.0/9'], limits)).toHaveLength(2);
});

test('private ranges are for private hosts, and for networks that are within such ranges', () => {
  const ranges = [
    '10.0.0.0/8',
    '172.31.255.0/24',
    '192.168.7.1',
    '169.254.0.0/16',
    '127.0.0.1',
    'fe80::/64',
    '::1',
    '240.0.0.0/8',
  ];
  expect(refused(ranges, ADMINISTRATOR)).toHaveLength(ranges.length);
  expect(refused(ranges, { ...ADMINISTRATOR, private: true })).toEqual([]);
  expect(refused(['10.2.0.0/16', '10.0.0.0/8'], { ...ADMINISTRATOR, allowedAddresses: ['10.2.0.0/15'] })).toEqual([
    'netblocks[1]: 10.0.0.0/8 is a private range, and nobody comes from there to a public host; a host for its own clients only is `private`',
  ]);
});

test('what is no netblock is reported by the schema alone', () => {
  expect(refused(['x', 7, null, '10.0.0.0/64'], OWNER)).toEqual([]);
  expect(netblockProblems(undefined, OWNER)).toEqual([]);
});
