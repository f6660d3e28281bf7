import { planCrawls as plan } from '#domain/crawl/plan.ts';
import type { Clock } from '#ports/clock.ts';
import type { CrawlQueue } from '#ports/crawl-queue.ts';
import type { InventoryStore } from '#ports/inventory-store.ts';
import type { Log } from '#ports/log.ts';
import type { ManifestStore } from '#ports/manifest-store.ts';
import type { ObservationStore } from '#ports/observation-store.ts';

export interface PlanCrawlsDeps {
  readonly inventory: Pick<InventoryStore, 'load'>;
  readonly manifests: Pick<ManifestStore, 'pointer'>;
  readonly observations: Pick<ObservationStore, 'list'>;
  readonly queue: CrawlQueue;
  readonly clock: Clock;
  readonly log: Log;
}

export interface PlanCrawlsOutcome {
  readonly kind: 'planned';
  readonly requests: number;
}

/**
 * Reads what is known and asks for what is due. It writes nothing of its own: killed at any point, the next minute's plan is the
 * same, and the queue drops what it was already asked.
 */
export const planCrawls = async (deps: PlanCrawlsDeps): Promise<PlanCrawlsOutcome> => {
  const inventory = await deps.inventory.load();
  const read = await Promise.all(
    inventory.categories.map(async ({ id }) => ({
      pointer: await deps.manifests.pointer(id),
      observations: await deps.observations.list(id),
    })),
  );
  const masters = read.flatMap(({ pointer }) => pointer ?? []);
  const observations = read.flatMap((category) => category.observations);
  const requests = plan(inventory, masters, observations, deps.clock.now());
  if (requests.length > 0) await deps.queue.send(requests);
  deps.log.info('crawls planned', { requests: requests.length, categories: masters.length });
  return { kind: 'planned', requests: requests.length };
};
