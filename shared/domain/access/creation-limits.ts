/**
 * Anybody with a token of the identity provider may declare a site, so there is a bound on what one of them can fill: the network
 * holds ten thousand sites and as many hosts, and one person must not use them up. Administrators of the network have no bound.
 */
import type { Host, Site, SiteId } from '../inventory/inventory.ts';

export const SITES_PER_USER = 20;
export const HOSTS_PER_SITE = 200;

export const mayCreateSite = (user: string, sites: readonly Site[]): boolean =>
  sites.filter((site) => site.admins.includes(user)).length < SITES_PER_USER;

export const mayCreateHost = (site: SiteId, hosts: readonly Host[]): boolean =>
  hosts.filter((host) => host.site === site).length < HOSTS_PER_SITE;
