import { describe, expect, test } from 'vitest';
import { groupsOfClaims } from '#domain/access/actor.ts';
import {
  hasRole,
  type Member,
  mayDoWithVolume,
  VOLUME_PERMISSIONS,
  VOLUME_ROLES,
  type VolumeOperation,
} from '#domain/access/volume-permissions.ts';
import { DEFAULT_ACCESS_POLICY } from '#domain/inventory/access-policy.ts';

const member = (name: string, groups: readonly string[] = [], administrator = false): Member => ({ name, groups, administrator });
const ROLES = { publishers: ['ann', 'group:ci'], releasers: ['bob'], operators: ['eve', 'group:night'] };
const OPERATIONS = Object.keys(VOLUME_PERMISSIONS) as readonly VolumeOperation[];

const allowed = (who: Member, volume: { readonly roles?: typeof ROLES } | undefined) =>
  OPERATIONS.filter((operation) => mayDoWithVolume(who, operation, volume));
const granted = (...grants: readonly string[]) =>
  OPERATIONS.filter((operation) => grants.includes(VOLUME_PERMISSIONS[operation]));

describe('a volume', () => {
  test.each([
    ['a publisher', member('ann'), granted('anybody', 'publisher')],
    ['a publisher by group', member('robot', ['x', 'ci']), granted('anybody', 'publisher')],
    ['a releaser', member('bob'), granted('anybody', 'releaser')],
    ['an operator', member('eve'), granted('anybody', 'operator')],
    ['somebody with two roles', member('bob', ['night']), granted('anybody', 'releaser', 'operator')],
    ['an administrator', member('wendy', [], true), OPERATIONS],
    ['anybody else', member('carol', ['staff']), granted('anybody')],
  ])('lets %s do what the role has, and nothing else', (_, who, operations) => {
    expect(allowed(who, { roles: ROLES })).toEqual(operations);
  });

  test('that names nobody is for administrators', () => {
    for (const volume of [{}, undefined]) {
      expect(allowed(member('ann', ['ci', 'night']), volume)).toEqual(granted('anybody'));
      expect(allowed(member('wendy', [], true), volume)).toEqual(OPERATIONS);
    }
  });

  test('knows roles that somebody has', () => {
    const roles = (who: Member) => VOLUME_ROLES.filter((role) => hasRole(who, role, { roles: ROLES }));
    expect([roles(member('ann', ['night'])), roles(member('x')), roles(member('x', [], true))]).toEqual([
      ['publisher', 'operator'],
      [],
      [...VOLUME_ROLES],
    ]);
  });
});

test.each([
  ['a user that is called like a group', member('group:ci')],
  ['a user that is called like the members of a group', member('ci')],
  ['a group that is called like a user', member('x', ['ann', 'bob', 'eve'])],
  ['a group that is called like a principal', member('x', ['group:ci'])],
  ['a name in other letters', member('Ann', ['CI'])],
])('%s has no rights of it', (_, who) => {
  expect(allowed(who, { roles: ROLES })).toEqual(granted('anybody'));
});

test('only administrators have objects removed', () => {
  expect(granted('administrator')).toEqual(['garbage.run']);
});

test('groups are those of the claim that the network names, and none of what claims inherit', () => {
  const policy = { ...DEFAULT_ACCESS_POLICY, groupsClaim: 'teams' };
  expect(groupsOfClaims({ sub: 'x', teams: '[a b]', groups: ['c'] }, policy)).toEqual(['a', 'b']);
  expect(groupsOfClaims({ sub: 'x' }, policy)).toEqual([]);
  expect(groupsOfClaims(undefined, policy)).toEqual([]);
  expect(groupsOfClaims({}, { ...policy, groupsClaim: 'constructor' })).toEqual([]);
});
