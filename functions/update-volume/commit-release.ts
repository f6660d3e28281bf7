import { decideCommit } from '#domain/volume/decide-release.ts';
import type { Sha256 } from '#domain/volume/tree.ts';
import type { Refusal } from '#domain/volume/volume-state.ts';
import { refusalText } from '#wire/volume/volume-json.ts';
import { BY_UPDATE } from './update-deps.ts';
import type { Ended, UpdateRun } from './update-run.ts';

/** `again`: something else is current than it was made from, so it is to be staged anew. */
const refusedAs = (refusal: Refusal): Ended | 'again' => {
  const problem = refusalText(refusal);
  switch (refusal.kind) {
    case 'held':
      return { end: 'held', problem };
    case 'leased':
      return { end: 'busy', problem };
    case 'fenced':
      return { end: 'lost', problem };
    default:
      return 'again';
  }
};

/** Makes a good release current, as the one who has the lease. */
export const commitRelease = async (run: UpdateRun, root: Sha256): Promise<Ended | 'again'> => {
  const { deps, volume, lease } = run;
  await lease.take();
  const fence = lease.fence();
  const [outcome] = await deps.volumes.change([{ volume: volume.id, release: root }], (now) =>
    decideCommit({ ...now, nowMs: deps.clock.now(), by: BY_UPDATE }, fence === undefined ? {} : { fence }),
  );
  if (outcome?.decision.kind === 'refused') return refusedAs(outcome.decision.refusal);
  return { end: 'released', root };
};
