import { DEFAULT_DRAIN_POLICY } from '#domain/drain/drain-policy.ts';
import { DEFAULT_ACCESS_POLICY } from '#domain/inventory/access-policy.ts';
import type { Category, Inventory, Master } from '#domain/inventory/inventory.ts';
import { RULES } from './master-listing.ts';

/** A category with the rules of `RULES`; its schedule is nobody's business in a scan. */
export const scannedCategory = (id: string, master: Master, rest: Partial<Category> = {}): Category => ({
  id,
  topDirectory: id,
  master,
  excludes: [],
  rules: RULES,
  alternates: { propagationMs: 1_000_000, staleMs: 500_000 },
  schedule: { scanMasterMs: 60_000, reachMs: 1, headsMs: 1, sampleMs: 1, fullMs: 1, probeAfterChangeMs: [] },
  ...rest,
});

export const scannedInventory = (categories: readonly Category[]): Inventory => ({
  settings: {
    name: 'test',
    answer: { minimumHosts: 1, maximumHosts: 10, embargoedCountries: [] },
    crawl: {
      contact: 'https://mirrors.example/contact',
      allowedAddresses: ['127.0.0.0/8'],
      allowedPorts: 'any',
      requestsPerCheck: 10,
      connectionsPerHost: 2,
    },
    guard: { maximumShrinkShare: 0.5 },
    access: DEFAULT_ACCESS_POLICY,
    drain: DEFAULT_DRAIN_POLICY,
    aliases: [],
    disabled: [],
    countryOverrides: [],
    continentOverrides: [],
  },
  sites: [],
  categories,
  hosts: [],
});
