import { describe, expect, test } from 'vitest';
import { hostFieldProblems, isPublicHost, isRemovableByOwner, siteFieldProblems } from '#domain/access/field-rights.ts';
import type { Host, Site } from '#domain/inventory/inventory.ts';
import { aCarriage, aHost, aSite } from '../../support/a-network.ts';

const paths = (problems: readonly { readonly path: readonly (string | number)[] }[]) =>
  problems.map(({ path }) => path.join('.'));
const change = (before: Host | undefined, after: Host, siteBefore: Site = aSite()) => ({
  before,
  after,
  siteBefore: before === undefined ? undefined : siteBefore,
  siteAfter: aSite(after.site),
});

describe('an owner', () => {
  test('changes everything else of a host', () => {
    const before = aHost('h', { adminActive: false, peerAsns: [1], tier: 2, carries: [aCarriage('h', { alwaysCurrent: true })] });
    const after: Host = {
      ...before,
      country: 'NZ',
      bandwidthMbps: 7,
      private: true,
      ownerActive: false,
      asn: 64_500,
      asnClients: true,
      netblocks: ['192.0.2.0/24'],
      countriesAllowed: ['NZ'],
      region: 'oceania',
      provider: 'p',
      comment: 'c',
      contacts: ['x@example.org'],
      carries: [aCarriage('h', { alwaysCurrent: true, urls: ['https://other.example.org'] })],
    };
    expect(hostFieldProblems(change(before, after))).toEqual([]);
  });

  test('declares a host with what nobody grants to begin with', () => {
    expect(hostFieldProblems(change(undefined, aHost('h')))).toEqual([]);
    const wanted = aHost('h', { adminActive: false, peerAsns: [1], tier: 1, carries: [aCarriage('h', { alwaysCurrent: true })] });
    expect(paths(hostFieldProblems(change(undefined, wanted)))).toEqual([
      'adminActive',
      'peerAsns',
      'tier',
      'carries.0.alwaysCurrent',
    ]);
  });

  test('neither takes away nor gives what an administrator decides, category by category', () => {
    const granted = aHost('h', { carries: [aCarriage('h', { alwaysCurrent: true }), aCarriage('h', { category: 'other' })] });
    const swapped = { ...granted, carries: granted.carries.toReversed() };
    expect(hostFieldProblems(change(granted, swapped))).toEqual([]);
    const moved = { ...granted, carries: granted.carries.map((one) => ({ ...one, alwaysCurrent: !one.alwaysCurrent })) };
    expect(paths(hostFieldProblems(change(granted, moved)))).toEqual(['carries.0.alwaysCurrent', 'carries.1.alwaysCurrent']);
    expect(hostFieldProblems(change(granted, { ...granted, carries: granted.carries.slice(1) }))).toEqual([]);
  });

  test('does not take a host out of a site that an administrator switched off, and removes nothing that is', () => {
    const host = aHost('h', { site: 'off' });
    const off = aSite('off', { adminActive: false });
    expect(paths(hostFieldProblems(change(host, { ...host, site: 'on' }, off)))).toEqual(['site']);
    expect(hostFieldProblems(change(host, { ...host, comment: 'x' }, off))).toEqual([]);
    expect(isRemovableByOwner([host, aSite()])).toBe(true);
    expect(isRemovableByOwner([host, off])).toBe(false);
    expect(isRemovableByOwner([{ ...host, adminActive: false }, aSite()])).toBe(false);
    expect(isRemovableByOwner([undefined, aSite()])).toBe(true);
  });

  test('hides a site and does not show it again, and leaves it with an admin', () => {
    const site = aSite('s', { admins: ['alice'] });
    expect(siteFieldProblems(undefined, { ...site, private: true })).toEqual([]);
    expect(siteFieldProblems(site, { ...site, private: true, ownerActive: false, name: 'x' })).toEqual([]);
    expect(paths(siteFieldProblems({ ...site, private: true }, site))).toEqual(['private']);
    expect(paths(siteFieldProblems(site, { ...site, adminActive: false, admins: [] }))).toEqual(['adminActive', 'admins']);
  });
});

test('a host is public when neither it nor its site is private', () => {
  const host = aHost('h');
  expect([
    isPublicHost(host, aSite()),
    isPublicHost(host, undefined),
    isPublicHost({ ...host, private: true }, aSite()),
    isPublicHost(host, aSite('s', { private: true })),
  ]).toEqual([true, true, false, false]);
});
