import type { EpochMs } from '#domain/inventory/inventory.ts';
import { isFailedEnd, isGoodEnd, type UpstreamCheck } from '#domain/volume/upstream/upstream-check.ts';
import type { Ended, UpdateRun } from './update-run.ts';

const LONGEST_PROBLEM = 500;

const failuresAfter = ({ before }: UpdateRun, { end }: Ended): number => {
  if (isFailedEnd(end)) return before.failures + 1;
  return isGoodEnd(end) || end === 'held' ? 0 : before.failures;
};

/** What is remembered of upstream after a run. A volume that somebody holds is as fresh as it should be. */
const checkAfter = (run: UpdateRun, ended: Ended): UpstreamCheck => {
  const { before, deps, progress, source, startedMs } = run;
  const { end, problem, heads, root, askedMs, notBeforeMs } = ended;
  const { problem: _, notBeforeMs: __, ...kept } = before;
  const nowMs: EpochMs = deps.clock.now();
  const isFresh = end === 'held' || (isGoodEnd(end) && progress.hasAskedUpstream);
  return {
    ...kept,
    ...(progress.hasAskedUpstream ? { startedMs, source } : {}),
    end,
    failures: failuresAfter(run, ended),
    ...(problem === undefined ? {} : { problem: problem.slice(0, LONGEST_PROBLEM).toWellFormed() }),
    ...(notBeforeMs === undefined ? {} : { notBeforeMs }),
    ...(isFresh ? { checkedMs: nowMs } : {}),
    ...(heads !== undefined && root !== before.root ? { changedMs: nowMs } : {}),
    ...(end === 'released' ? { releasedMs: nowMs } : {}),
    ...(heads === undefined ? {} : { heads }),
    ...(root === undefined ? {} : { root }),
    ...(askedMs === undefined ? {} : { askedMs }),
  };
};

const logEnd = ({ deps, volume, progress, startedMs }: UpdateRun, { end, problem, root }: Ended): void => {
  const { stored, storedBytes } = progress;
  const fields = { volume: volume.id, end, problem, root, stored, storedBytes, tookMs: deps.clock.now() - startedMs };
  if (isFailedEnd(end)) deps.log.warn('a volume was not updated', fields);
  else deps.log.info('a volume was updated', fields);
};

/**
 * Remembers how a run ended. Whoever has a later fence knows better, and nothing is written over it. A run whose time was over asks
 * for another that goes on.
 */
export const recordEnd = async (run: UpdateRun, ended: Ended): Promise<void> => {
  const { deps, volume, startedMs, by } = run;
  logEnd(run, ended);
  await deps.checks.write(checkAfter(run, ended), run.lease.fence() ?? run.pointer.fence);
  if (ended.end === 'paused')
    await deps.updateQueue.send({ kind: 'update', volume: volume.id, by }, `more-${startedMs}-${volume.id}`);
};
