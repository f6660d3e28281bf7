/**
 * Whether a pair of host and category is still in the network, and whether anybody looks at it. A host that was removed, one that
 * carries the category no longer and one that an administrator switched off are gone: their synchronisations are cancelled.
 */
import { sitesById, switchState } from '../crawl/carriage.ts';
import type { Carriage, Host, Inventory, Site } from '../inventory/inventory.ts';
import type { PairKey } from './drain-state.ts';
import type { Presence } from './take-transition.ts';

export interface Member {
  readonly host: Host;
  readonly site: Site | undefined;
  readonly carriage: Carriage;
}

/** Undefined: the network has no such pair. */
export const memberOf = (inventory: Inventory, { host: id, category }: PairKey): Member | undefined => {
  const host = inventory.hosts.find((declared) => declared.id === id);
  const carriage = host?.carries.find((carried) => carried.category === category);
  const known = inventory.categories.some((declared) => declared.id === category);
  if (host === undefined || carriage === undefined || !known) return undefined;
  return { host, carriage, site: sitesById(inventory).get(host.site) };
};

export const presenceOf = (member: Member | undefined): Presence => {
  if (member === undefined) return 'gone';
  const state = switchState(member.host, member.site);
  if (state === 'on') return 'on';
  return state === 'switched-off-by-admin' ? 'gone' : 'off';
};
