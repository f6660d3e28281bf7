import type { Facts } from '#domain/crawl/observation.ts';
import type { CheckReport, CrawlSubject } from '#domain/crawl/observe.ts';
import { decideSettle, mayJudge } from '#domain/drain/decide-others.ts';
import type { DrainPolicy } from '#domain/drain/drain-policy.ts';
import type { SyncPair } from '#domain/drain/drain-state.ts';
import { verify } from '#domain/drain/verify.ts';
import type { ComparedFacts } from '#domain/freshness/facts.ts';
import type { Clock } from '#ports/clock.ts';
import type { DrainStore } from '#ports/drain-store.ts';
import type { Log } from '#ports/log.ts';
import type { FactsStore } from '#ports/observation-store.ts';
import type { PublishRequests } from '#ports/publish-requests.ts';

export interface SettleDrainDeps {
  readonly drains: Pick<DrainStore, 'pair' | 'change'>;
  readonly facts: Pick<FactsStore, 'get'>;
  readonly publish: PublishRequests;
  readonly clock: Clock;
  /** A text that was never returned before. */
  readonly newId: () => string;
  readonly log: Log;
}

const baselineOf = async (
  { facts, log }: SettleDrainDeps,
  { category, host, baseline }: SyncPair,
): Promise<ComparedFacts | undefined> => {
  if (baseline === undefined) return undefined;
  const found = await facts.get(category, baseline.facts);
  if (found === undefined)
    log.error('what the host held before it synchronised is missing; it is judged without', { host, category });
  return found === undefined ? undefined : { generation: baseline.generation, facts: found };
};

/**
 * Whether the host may return, by a check whose observation is written already. `pair` was read before the check began, so that
 * a synchronisation that began meanwhile has another fence, and this check says nothing of it.
 */
export const settleDrain = async (
  deps: SettleDrainDeps,
  pair: SyncPair | undefined,
  subject: CrawlSubject,
  report: CheckReport,
  facts: Facts | undefined,
  policy: DrainPolicy,
): Promise<void> => {
  if (!mayJudge(pair, report.atMs)) return;
  const { host, category, fence } = pair;
  const { carriage, coverage } = subject;
  const verdict = verify({ carriage, coverage, report, facts, baseline: await baselineOf(deps, pair) });
  const { change } = await deps.drains.change({ host, category }, [], (now) =>
    decideSettle(
      {
        key: { host, category },
        pair: now.pair,
        groups: [],
        policy,
        presence: 'on',
        nowMs: deps.clock.now(),
        by: 'crawl',
        writeId: deps.newId(),
      },
      fence,
      report.atMs,
      verdict,
    ),
  );
  deps.log.info('judged after a synchronisation', { host, category, fence, verdict, transition: change?.transition });
  if (change?.transition === 'return') await deps.publish.soon('a host returns to service');
};
