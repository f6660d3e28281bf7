import type { Host, Inventory } from '#domain/inventory/inventory.ts';
import { printCategory } from '#wire/network-file/print-category.ts';
import { printContentRules } from '#wire/network-file/print-content-rules.ts';
import { printHost } from '#wire/network-file/print-host.ts';
import { printLockRules } from '#wire/network-file/print-lock-rules.ts';
import { printSettings } from '#wire/network-file/print-settings.ts';
import { printSite } from '#wire/network-file/print-site.ts';
import { field, list, text } from '#wire/network-file/raw.ts';

/** Plain data in the network file's shape, by the file's keys. */
export type NetworkDocument = Readonly<Record<string, unknown>>;

/** A host always names its site here: without it, a change of the one could make or unmake the other. */
export const hostDocument = (host: Host): unknown => {
  const { id, site = host.site, ...rest } = printHost(host);
  return { id, site, ...rest };
};

/** The whole inventory, with every site spelled out. */
export const networkDocument = (inventory: Inventory): NetworkDocument => ({
  ...printSettings(inventory.settings),
  ...(inventory.locks !== undefined && { locks: printLockRules(inventory.locks) }),
  ...(inventory.content !== undefined && { content: printContentRules(inventory.content) }),
  sites: inventory.sites.map(printSite),
  categories: inventory.categories.map(printCategory),
  hosts: inventory.hosts.map(hostDocument),
});

/** The same with one host changed, new or gone; the others are not printed again. */
export const withHost = (document: NetworkDocument, id: string, host: Host | undefined): NetworkDocument => {
  const others = list(document['hosts']).filter((one) => field(one, 'id') !== id);
  const hosts = host === undefined ? others : [...others, hostDocument(host)];
  const idOf = (one: unknown): string => text(field(one, 'id')) ?? '';
  return { ...document, hosts: hosts.toSorted((left, right) => (idOf(left) < idOf(right) ? -1 : 1)) };
};
