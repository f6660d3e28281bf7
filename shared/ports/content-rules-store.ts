import type { ContentRules } from '#domain/content/content-rules.ts';
import type { AccessPolicy } from '#domain/inventory/access-policy.ts';
import type { CrawlPolicy } from '#domain/inventory/inventory.ts';

export interface NetworkContent {
  readonly rules: ContentRules;
  readonly access: AccessPolicy;
  /** How other people's servers are asked. */
  readonly crawl: CrawlPolicy;
}

/** What the network declares about its content, without the thousands of hosts that the inventory may have. Throws Fault. */
export interface ContentRulesStore {
  /** A few seconds old at most. Without volumes when the network declares none; throws ConfigError when no network was ever applied. */
  readonly read: () => Promise<NetworkContent>;
}
