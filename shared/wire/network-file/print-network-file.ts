import type * as v from 'valibot';
import type { Host, Inventory, Site } from '#domain/inventory/inventory.ts';
import { networkFileSchema } from './network-file-schema.ts';
import { printCategory } from './print-category.ts';
import { printContentRules } from './print-content-rules.ts';
import { printHost } from './print-host.ts';
import { printLockRules } from './print-lock-rules.ts';
import { printSettings } from './print-settings.ts';
import { printSite } from './print-site.ts';
import { said } from './said.ts';
import { impliedSite } from './to-inventory.ts';

/** Plain data in the shape of the network file; as JSON or YAML it is one. */
export type NetworkDocument = v.InferInput<typeof networkFileSchema>;

/** A site that stands for itself when its host names none, and that no other host refers to. */
const isImplied = (site: Site, hosts: readonly Host[] | undefined): boolean =>
  hosts?.length === 1 &&
  hosts[0]?.id === site.id &&
  JSON.stringify(printSite(site)) === JSON.stringify(printSite(impliedSite(site.id)));

const bySite = (hosts: readonly Host[]): ReadonlyMap<string, readonly Host[]> => {
  const found = new Map<string, Host[]>();
  for (const host of hosts) found.set(host.site, [...(found.get(host.site) ?? []), host]);
  return found;
};

/**
 * The inverse of `parseNetworkFile`: what it makes of the result is this inventory again, its sites perhaps in another order,
 * which means nothing. Keys that say what holds anyway are left out, and so is `localClient`, which is no part of an inventory.
 */
export const printNetworkFile = (inventory: Inventory): NetworkDocument => {
  const { network, policies, aliases, disabled, countryOverrides, continentOverrides } = printSettings(inventory.settings);
  const hostsOf = bySite(inventory.hosts);
  return said(networkFileSchema, {
    version: undefined,
    network,
    policies,
    categories: inventory.categories.map(printCategory),
    aliases,
    disabled,
    countryOverrides,
    continentOverrides,
    sites: inventory.sites.filter((site) => !isImplied(site, hostsOf.get(site.id))).map(printSite),
    hosts: inventory.hosts.map(printHost),
    locks: inventory.locks === undefined ? undefined : printLockRules(inventory.locks),
    content: inventory.content === undefined ? undefined : printContentRules(inventory.content),
    localClient: undefined,
  });
};
