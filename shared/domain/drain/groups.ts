/**
 * Which groups a host of a category counts in: one per scope that the policy has a rule for and that the host says something
 * about. A host without a region is in no region's group, and neither the minimum nor the maximum of one is about it. Private
 * hosts are in no group at all: clients of the public are not sent to them, so they must not stand for a host that goes away.
 */
import type { CategoryId, Host, HostId, Site } from '../inventory/inventory.ts';
import { type DrainPolicy, type DrainScope, drainRulesOf } from './drain-policy.ts';
import type { DrainGroup, GroupKey } from './drain-state.ts';

/** A group and the rule that holds in it. */
export interface GroupLimit {
  readonly key: GroupKey;
  readonly minInService: number;
  readonly maxDraining: number;
}

/** A group as it is, with its limits. */
export interface BoundGroup extends GroupLimit {
  readonly inService: DrainGroup['inService'];
  readonly draining: DrainGroup['draining'];
}

const valueIn = (host: Host, scope: DrainScope): string | undefined => {
  switch (scope) {
    case 'global':
      return '*';
    case 'region':
      return host.region;
    case 'provider':
      return host.provider;
    case 'country':
      return host.country;
  }
};

export const groupsOfHost = (
  policy: DrainPolicy,
  host: Host,
  site: Site | undefined,
  category: CategoryId,
): readonly GroupLimit[] => {
  if (host.private || site?.private === true) return [];
  return drainRulesOf(policy, category).flatMap(({ scope, minInService, maxDraining }) => {
    const value = valueIn(host, scope);
    return value === undefined ? [] : [{ key: `${scope}:${value}`, minInService, maxDraining }];
  });
};

/** Limits and sets, joined; a group that nobody wrote yet is empty. */
export const boundGroups = (limits: readonly GroupLimit[], groups: readonly DrainGroup[]): readonly BoundGroup[] =>
  limits.map((limit) => {
    const group = groups.find(({ key }) => key === limit.key);
    return { ...limit, inService: group?.inService ?? [], draining: group?.draining ?? [] };
  });

/** In service in none of these groups, so no snapshot lists it, and none is about to. */
export const isUnlisted = (host: HostId, groups: readonly DrainGroup[]): boolean =>
  groups.length > 0 && !groups.some(({ inService }) => inService.includes(host));
