import type { Inventory } from '#domain/inventory/inventory.ts';
import { printCategory } from '#wire/network-file/print-category.ts';
import { printContentRules } from '#wire/network-file/print-content-rules.ts';
import { printHost } from '#wire/network-file/print-host.ts';
import { printLockRules } from '#wire/network-file/print-lock-rules.ts';
import { printSettings } from '#wire/network-file/print-settings.ts';
import { printSite } from '#wire/network-file/print-site.ts';

type PartKind = 'settings' | 'site' | 'category' | 'host';

/** What is compared and changed by itself: an entity, or a section of the settings. */
export interface NetworkPart {
  readonly kind: PartKind;
  /** `host/ID`, `settings/SECTION`. */
  readonly name: string;
  /** Of the API. */
  readonly path: string;
  /** In the network file's shape; two networks that are equal have parts with equal values. */
  readonly value: unknown;
}

const LISTS = { site: 'sites', category: 'categories', host: 'hosts' } as const;

const settingsPart = (section: string, value: unknown): NetworkPart => ({
  kind: 'settings',
  name: `settings/${section}`,
  path: `/api/v1/settings/${section}`,
  value,
});

const entityPart = (kind: Exclude<PartKind, 'settings'>, id: string, value: unknown): NetworkPart => ({
  kind,
  name: `${kind}/${id}`,
  path: `/api/v1/${LISTS[kind]}/${encodeURIComponent(id)}`,
  value,
});

/** In the order in which they can be made: what others refer to comes first. */
export const networkParts = (inventory: Inventory): readonly NetworkPart[] => {
  const { network, policies, aliases, disabled, countryOverrides, continentOverrides } = printSettings(inventory.settings);
  return [
    ...Object.entries({ network, policies, aliases, disabled, countryOverrides, continentOverrides }).map(([section, value]) =>
      settingsPart(section, value),
    ),
    ...(inventory.locks === undefined ? [] : [settingsPart('locks', printLockRules(inventory.locks))]),
    ...(inventory.content === undefined ? [] : [settingsPart('content', printContentRules(inventory.content))]),
    ...inventory.sites.map((site) => entityPart('site', site.id, printSite(site))),
    ...inventory.categories.map((category) => entityPart('category', category.id, printCategory(category))),
    // The site is always named: what it is when it is not named depends on which sites there are.
    ...inventory.hosts.map((host) => entityPart('host', host.id, { ...printHost(host), site: host.site })),
  ];
};
