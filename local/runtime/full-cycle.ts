import { setTimeout as delay } from 'node:timers/promises';
import type { CategoryId } from '#domain/inventory/inventory.ts';
import type { LocalSystem } from './local-system.ts';
import { runStage, type StageOutcome } from './run-stage.ts';
import type { Stage } from './stage-functions.ts';

export interface CycleProgress {
  readonly step: 'scan' | 'plan' | 'crawl' | 'publish';
  readonly text: string;
}

/** What kept the cycle from being good; empty when all went well. A dead mirror is no problem: finding it is the work. */
export interface CycleResult {
  readonly problems: readonly string[];
  readonly crawls: number;
}

/** The first checks may leave something to be proved at once; after so many rounds the schedules take over. */
const MOST_ROUNDS = 5;
const PROGRESS_MS = 200;

/** scan every master → plan → crawl until nothing is due → publish: from nothing to answers. Later cycles only do what changed. */
export async function fullCycle(
  system: LocalSystem,
  categories: readonly CategoryId[],
  signal: AbortSignal,
  onProgress: (progress: CycleProgress) => void,
): Promise<CycleResult> {
  const problems: string[] = [];
  const attempt = async (doing: string, stage: Stage, event: unknown): Promise<StageOutcome> => {
    try {
      return await runStage(system.journal, system.invoke, stage, event);
    } catch (error) {
      if (!signal.aborted) problems.push(`${doing}: ${error instanceof Error ? error.message : String(error)}`);
      return {};
    }
  };

  const reasons = new Map<unknown, unknown>();
  const stopListening = system.journal.onLine(({ stage, fields }) => {
    if (stage === 'scan-master' && fields['reason'] !== undefined) reasons.set(fields['category'], fields['reason']);
  });
  for (const [index, category] of categories.entries()) {
    onProgress({ step: 'scan', text: `scanning masters ${index + 1}/${categories.length}: ${category}` });
    const outcome = (await attempt(`scanning ${category}`, 'scan-master', { category }))[category];
    if (outcome !== undefined && outcome !== 'published' && outcome !== 'unchanged') {
      problems.push(`the master of ${category} was not scanned: ${reasons.get(category) ?? String(outcome)}`);
    }
  }
  stopListening();
  const crawls = await crawlAll(system, signal, onProgress, async () => {
    const { requests } = await attempt('planning', 'plan-crawls', {});
    return typeof requests === 'number' ? requests : 0;
  });
  for (const body of await system.takeDeadLetters()) problems.push(`a crawl failed for good: ${body}`);
  onProgress({ step: 'publish', text: 'publishing' });
  const published = await attempt('publishing', 'publish-snapshot', {});
  if (published['kind'] === 'refused') problems.push(`the snapshot was refused: ${String(published['reasons'])}`);
  await system.edgeStore.refreshTable();
  return { problems, crawls };
}

async function crawlAll(
  system: LocalSystem,
  signal: AbortSignal,
  onProgress: (progress: CycleProgress) => void,
  plan: () => Promise<number>,
): Promise<number> {
  let planned = 0;
  let crawled = 0;
  const stopCounting = system.journal.onLine((line) => {
    if (line.stage === 'crawl-mirror' && line.message === 'message done') crawled += 1;
  });
  for (let round = 1; round <= MOST_ROUNDS && !signal.aborted; round += 1) {
    onProgress({ step: 'plan', text: 'planning crawls' });
    const requests = await plan();
    if (requests === 0) break;
    planned += requests;
    await showUntil(system.crawlsDrained(signal), () => {
      onProgress({ step: 'crawl', text: `crawling mirrors ${crawled}/${planned}` });
    });
  }
  stopCounting();
  return crawled;
}

async function showUntil(end: Promise<void>, show: () => void): Promise<void> {
  let ended = false;
  const finished = end.finally(() => {
    ended = true;
  });
  while (!ended) {
    show();
    await Promise.race([finished, delay(PROGRESS_MS)]);
  }
  await finished;
}
