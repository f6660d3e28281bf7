/**
 * What a declaration means for crawling: which protocols a host offers a category by, preferred first, and whether anybody
 * switched it off or has yet to prove that it is theirs. Switches are never mixed with what was measured.
 */
import type { Carriage, Host, Inventory, Site, SiteId } from '../inventory/inventory.ts';
import type { Protocol } from './observation.ts';

export const PROTOCOLS = ['https', 'http', 'rsync'] as const satisfies readonly Protocol[];

/** Schemes are case-insensitive (RFC 3986, 3.1). */
export const urlsOf = (carriage: Carriage, protocol: Protocol): readonly string[] =>
  carriage.urls.filter((url) => url.toLowerCase().startsWith(`${protocol}://`));

export const offersHttp = (carriage: Carriage): boolean =>
  urlsOf(carriage, 'https').length > 0 || urlsOf(carriage, 'http').length > 0;

export const offersRsync = (carriage: Carriage): boolean => urlsOf(carriage, 'rsync').length > 0;

export type SwitchState = 'on' | 'switched-off-by-owner' | 'switched-off-by-admin' | 'pending';

/** The administrator's switch is named first: an owner cannot undo it. */
export const switchState = (host: Host, site: Site | undefined): SwitchState => {
  if (!host.adminActive || site?.adminActive === false) return 'switched-off-by-admin';
  if (!host.ownerActive || site?.ownerActive === false) return 'switched-off-by-owner';
  return host.pending ? 'pending' : 'on';
};

export const sitesById = (inventory: Inventory): ReadonlyMap<SiteId, Site> =>
  new Map(inventory.sites.map((site) => [site.id, site]));
