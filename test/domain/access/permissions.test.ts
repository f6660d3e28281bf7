import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Actor, actorOfClaims, groupsOf, roleOf } from '#domain/access/actor.ts';
import { mayCreateHost, mayCreateSite } from '#domain/access/creation-limits.ts';
import { mayDo, OPERATIONS, PERMISSIONS } from '#domain/access/permissions.ts';
import { DEFAULT_ACCESS_POLICY } from '#domain/inventory/access-policy.ts';
import { aHost, aSite } from '../../support/a-network.ts';

const POLICY = { ...DEFAULT_ACCESS_POLICY, administratorGroups: ['wranglers'] };
const SITES = [aSite('alpha', { admins: ['alice'] }), aSite('beta', { admins: ['bob', 'alice2'] })];
const ACCESS = { sites: SITES, policy: POLICY };
const user = (name: string, administrator = false): Actor => ({ kind: 'user', name, administrator });

describe('who somebody is', () => {
  test('is what the claims say that the network names', () => {
    expect(actorOfClaims({ sub: 'wendy', groups: ['x', 'wranglers'] }, POLICY)).toEqual(user('wendy', true));
    expect(actorOfClaims({ sub: 'wendy', groups: '[x wranglers]' }, POLICY)).toEqual(user('wendy', true));
    expect(actorOfClaims({ sub: 'wendy', groups: 'wranglers' }, POLICY)).toEqual(user('wendy', true));
    expect(actorOfClaims({ sub: 'alice', groups: ['Wranglers', 'wranglers2', ' wranglers'] }, POLICY)).toEqual(user('alice'));
    expect(actorOfClaims({ sub: 'alice' }, POLICY)).toEqual(user('alice'));
    const other = { ...POLICY, userClaim: 'nickname', groupsClaim: 'roles' };
    expect(actorOfClaims({ sub: 'x', nickname: 'carol', roles: ['wranglers'], groups: [] }, other)).toEqual(user('carol', true));
  });

  test('is nobody without a name, and an administrator never by what no network says', () => {
    for (const claims of [undefined, {}, { sub: 1 }, { sub: '' }, { sub: ['alice'] }, { sub: 'a\u0000' }]) {
      expect(actorOfClaims(claims, POLICY)).toEqual({ kind: 'nobody' });
    }
    expect(actorOfClaims({}, { ...POLICY, userClaim: 'constructor' })).toEqual({ kind: 'nobody' });
    fc.assert(
      fc.property(fc.jsonValue(), (groups) => {
        expect(actorOfClaims({ sub: 'x', groups }, DEFAULT_ACCESS_POLICY)).toEqual(user('x'));
      }),
    );
  });

  test('is in each group that a list has, however the list is written', () => {
    const group = fc.stringMatching(/^[a-z]{1,8}$/);
    fc.assert(
      fc.property(fc.array(group), (groups) => {
        expect(groupsOf(groups)).toEqual(groups);
        expect(groupsOf(`[${groups.join(' ')}]`)).toEqual(groups);
      }),
    );
  });
});

describe('the table of rights', () => {
  test('lets nobody do anything, and a host nothing of the administration', () => {
    for (const operation of OPERATIONS) {
      for (const sites of [[], ['alpha'], ['nowhere']]) {
        expect(mayDo({ kind: 'nobody' }, operation, sites, ACCESS)).toBe(false);
        expect(mayDo({ kind: 'host', host: 'a', site: 'alpha' }, operation, sites, ACCESS)).toBe(false);
      }
    }
  });

  test('lets site admins do only what is wholly theirs', () => {
    const alice = user('alice');
    const own = OPERATIONS.filter((operation) => PERMISSIONS[operation]['site-admin'] === 'own');
    expect(own.length).toBeGreaterThan(10);
    for (const operation of own) {
      const may = (...sites: readonly string[]) => mayDo(alice, operation, sites, ACCESS);
      expect([may('alpha'), may('beta'), may('alpha', 'beta'), may('nowhere'), may()]).toEqual([
        true,
        false,
        false,
        false,
        false,
      ]);
    }
    expect(roleOf(alice, SITES)).toBe('site-admin');
    expect(roleOf(user('Alice'), SITES)).toBe('user');
  });

  test("gives people who are no administrators only what is theirs, besides a few things that are everybody's", () => {
    const granted = (role: 'site-admin' | 'user', grant: string) =>
      OPERATIONS.filter((operation) => PERMISSIONS[operation][role] === grant);
    expect(granted('site-admin', 'any')).toEqual(['me.read', 'category.read']);
    expect(granted('user', 'any')).toEqual(['me.read', 'category.read']);
    expect(granted('user', 'own')).toEqual([]);
    expect([granted('site-admin', 'policy'), granted('user', 'policy')]).toEqual([['site.create'], ['site.create']]);
    expect(granted('site-admin', 'none').every((operation) => /^(?:network|settings|category)\./.test(operation))).toBe(true);
  });

  test('never gives a user more than a site admin, or a site admin more than an administrator', () => {
    const worth = { none: 0, own: 1, policy: 1, any: 2 };
    for (const operation of OPERATIONS) {
      const { administrator, 'site-admin': siteAdmin, user: anybody } = PERMISSIONS[operation];
      expect(worth[administrator]).toBe(2);
      expect(worth[siteAdmin]).toBeLessThanOrEqual(worth[administrator]);
      expect(worth[anybody]).toBeLessThanOrEqual(worth[siteAdmin]);
    }
  });

  test('leaves new sites to the policy', () => {
    expect(mayDo(user('carol'), 'site.create', [], ACCESS)).toBe(true);
    const closed = { sites: SITES, policy: { ...POLICY, siteCreation: 'administrators' } as const };
    expect(mayDo(user('carol'), 'site.create', [], closed)).toBe(false);
    expect(mayDo(user('wendy', true), 'site.create', [], closed)).toBe(true);
  });
});

test('one user declares at most twenty sites, and one site has at most two hundred hosts of its owner', () => {
  const sites = Array.from({ length: 20 }, (_, at) => aSite(`s${at}`, { admins: ['alice'] }));
  expect([mayCreateSite('alice', sites.slice(1)), mayCreateSite('alice', sites), mayCreateSite('bob', sites)]).toEqual([
    true,
    false,
    true,
  ]);
  const hosts = Array.from({ length: 200 }, (_, at) => aHost(`h${at}`, { site: 's' }));
  expect([mayCreateHost('s', hosts.slice(1)), mayCreateHost('s', hosts), mayCreateHost('t', hosts)]).toEqual([true, false, true]);
});
