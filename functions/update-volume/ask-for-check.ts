import type { EpochMs } from '#domain/inventory/inventory.ts';
import type { Sha256 } from '#domain/volume/tree.ts';
import type { UpdateRun } from './update-run.ts';

/** Says that all of a release is stored, and when it was said. Whoever is asked twice looks twice. */
export const askForCheck = async ({ deps, volume }: UpdateRun, root: Sha256, stagedMs: EpochMs): Promise<EpochMs> => {
  const nowMs = deps.clock.now();
  await deps.checkQueue.send({ kind: 'check', volume: volume.id, root, stagedMs }, `${root}-${nowMs}`);
  return nowMs;
};
