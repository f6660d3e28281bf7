import { dueUpdates } from '#domain/volume/upstream/due-updates.ts';
import { BY_SCHEDULE, type UpdateVolumeDeps } from './update-deps.ts';

export interface PlanUpdatesOutcome {
  readonly kind: 'planned';
  /** Volumes that something is to be done for. */
  readonly volumes: readonly string[];
}

const TICK_MS = 10_000;

/**
 * Asks for the updates that are due, each by a message of its own, so that one slow upstream holds up no other volume. Killed
 * anywhere, the next plan is the same; the queue drops what it was asked a moment ago.
 */
export const planUpdates = async (
  deps: Pick<UpdateVolumeDeps, 'content' | 'checks' | 'updateQueue' | 'clock' | 'log'>,
): Promise<PlanUpdatesOutcome> => {
  const { rules } = await deps.content.read();
  const nowMs = deps.clock.now();
  const due = dueUpdates(rules.volumes, await deps.checks.readAll(), nowMs);
  for (const { id } of due) {
    const requestId = `tick-${Math.floor(nowMs / TICK_MS)}-${id}`;
    await deps.updateQueue.send({ kind: 'update', volume: id, by: BY_SCHEDULE }, requestId);
  }
  const volumes = due.map(({ id }) => id);
  deps.log.info('updates planned', { volumes });
  return { kind: 'planned', volumes };
};
