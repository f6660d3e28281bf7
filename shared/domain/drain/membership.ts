/**
 * Which hosts stand for a group, as the snapshots have it. A slot counts those that clients are sent to, so publishers keep the sets: a
 * host is added before the snapshot that lists it is published, and taken out after one that does not. So the set holds every host
 * that is listed, and a drain never counts on one that is not about to be. Hosts that were listed only because their group would
 * have been empty stand for nothing.
 */

import { sitesById } from '../crawl/carriage.ts';
import type { CategoryId, HostId, Inventory } from '../inventory/inventory.ts';
import type { DrainGroup, GroupKey } from './drain-state.ts';
import { groupsOfHost } from './groups.ts';

/** A publisher's change of a group's hosts in service. */
export interface GroupEdit {
  readonly category: CategoryId;
  readonly key: GroupKey;
  /** Revision that it was decided from. */
  readonly revision: number;
  readonly hosts: readonly HostId[];
}

export interface MembershipEdits {
  readonly admissions: readonly GroupEdit[];
  readonly expulsions: readonly GroupEdit[];
}

type Members = Map<GroupKey, Set<HostId>>;

/** Per category and group, the hosts for which `isListed` is true. */
const wantedMembers = (
  inventory: Inventory,
  isListed: (host: HostId, category: CategoryId) => boolean,
): ReadonlyMap<CategoryId, Members> => {
  const sites = sitesById(inventory);
  const wanted = new Map<CategoryId, Members>(inventory.categories.map(({ id }) => [id, new Map()]));
  for (const host of inventory.hosts) {
    for (const { category } of host.carries) {
      if (!isListed(host.id, category)) continue;
      for (const { key } of groupsOfHost(inventory.settings.drain, host, sites.get(host.site), category)) {
        const members = wanted.get(category);
        const hosts = members?.get(key) ?? new Set();
        members?.set(key, hosts.add(host.id));
      }
    }
  }
  return wanted;
};

export const membershipEdits = (
  inventory: Inventory,
  isListed: (host: HostId, category: CategoryId) => boolean,
  groups: readonly DrainGroup[],
): MembershipEdits => {
  const admissions: GroupEdit[] = [];
  const expulsions: GroupEdit[] = [];
  for (const [category, members] of wantedMembers(inventory, isListed)) {
    const known = groups.filter((group) => group.category === category);
    const keys = new Set([...members.keys(), ...known.map(({ key }) => key)]);
    for (const key of [...keys].sort()) {
      const group = known.find((stored) => stored.key === key);
      const present = new Set(group?.inService);
      const wanted = members.get(key) ?? new Set<HostId>();
      const revision = group?.revision ?? 0;
      const added = [...wanted].filter((host) => !present.has(host)).sort();
      const removed = [...present].filter((host) => !wanted.has(host)).sort();
      if (added.length > 0) admissions.push({ category, key, revision, hosts: added });
      if (removed.length > 0) expulsions.push({ category, key, revision, hosts: removed });
    }
  }
  return { admissions, expulsions };
};
