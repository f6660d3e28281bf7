import type { CheckInHints } from '#ports/check-in-hints.ts';
import type { Clock } from '#ports/clock.ts';
import type { CrawlQueue } from '#ports/crawl-queue.ts';
import type { DrainStore } from '#ports/drain-store.ts';
import type { HostTokens } from '#ports/host-tokens.ts';
import type { Log } from '#ports/log.ts';
import type { ManifestStore } from '#ports/manifest-store.ts';
import type { FactsStore, ObservationStore } from '#ports/observation-store.ts';
import type { PublishRequests } from '#ports/publish-requests.ts';
import type { NetworkReads } from './network-reads.ts';

export interface HostsApiDeps {
  readonly tokens: Pick<HostTokens, 'verify'>;
  readonly reads: NetworkReads;
  readonly manifests: Pick<ManifestStore, 'pointer'>;
  readonly observations: Pick<ObservationStore, 'acquire' | 'write'>;
  readonly facts: FactsStore;
  readonly hints: CheckInHints;
  readonly crawls: CrawlQueue;
  readonly publish: PublishRequests;
  readonly drains: Pick<DrainStore, 'pair' | 'pairs' | 'groups' | 'groupsOf' | 'change' | 'history'>;
  readonly clock: Clock;
  /** A text that was never returned before. */
  readonly newId: () => string;
  /** Resolves after so many milliseconds. */
  readonly pause: (ms: number) => Promise<void>;
  readonly log: Log;
}

/** What check-ins need; they know nothing of drains. */
export type CheckInDeps = Omit<HostsApiDeps, 'drains' | 'newId'>;
