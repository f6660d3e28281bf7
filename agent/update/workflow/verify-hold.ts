import type { UpdateState } from '../state/update-state.ts';
import { type Outcome, outcome } from './outcome.ts';
import { reportFailure } from './report-failure.ts';
import { isoNow, save, type WorkflowContext } from './workflow-context.ts';

/**
 * undefined when the service has told this process that the fence holds. An operator may have taken the lock away while the host
 * was down or the agent was dead; another host may be updating now, and no further script may run here.
 */
export async function verifyHold(context: WorkflowContext, state: UpdateState): Promise<Outcome | undefined> {
  if (context.lease.lost()) return lostHold(context, state);
  if (context.lease.verified()) return undefined;
  const held = await context.service.renew(state.fence ?? 0);
  switch (held.kind) {
    case 'held':
      context.lease.markHeld(state.fence ?? 0, held.leaseMs);
      return undefined;
    case 'lost':
      return lostHold(context, state);
    case 'refused':
      return outcome('refused', `the service does not say whether the lock is still held: ${held.reason}`);
    case 'unavailable':
      return outcome(
        'unavailable',
        `the service cannot be asked whether the lock is still held: ${held.reason}; nothing was run`,
      );
  }
}

async function lostHold(context: WorkflowContext, state: UpdateState): Promise<Outcome> {
  const message = `the lock ${state.lock} (fence ${state.fence}) is not held by this host any more; the update stands at ${state.task}`;
  if (state.failure === undefined) {
    const lost = save(context, { ...state, failure: { at: isoNow(context), reason: 'the lock was lost', reported: true } });
    await reportFailure(context, lost, 1);
  }
  return outcome('lost', `${message}. Look at the host, then: mirrortide update abort`);
}
