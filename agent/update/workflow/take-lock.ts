import type { AcquireOutcome } from '../../service/lock-service.ts';
import { enterTask, type UpdateState } from '../state/update-state.ts';
import { notify } from './notify.ts';
import { outcome } from './outcome.ts';
import { end, isoNow, next, type StepResult, save, type WorkflowContext } from './workflow-context.ts';

/** When the service does not say when to ask again. */
const DEFAULT_RETRY_MS = 60_000;
const SHORTEST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 4 * 3_600_000;

/** Task lock_get: asks until the lock is offered, under one request id, so that a lost answer is given again and not twice. */
export async function takeLock(context: WorkflowContext, before: UpdateState): Promise<StepResult> {
  let state = before.requestId === undefined ? save(context, { ...before, requestId: context.newId() }) : before;
  const startedMs = context.nowMs();
  for (;;) {
    const asked = await context.service.acquire(state.requestId ?? '', state.ticket);
    if (context.stop.aborted)
      return end(outcome('stopped', 'asked to stop while waiting for the lock; the place in the queue is kept'));
    switch (asked.kind) {
      case 'offered':
        return next(save(context, { ...enterTask(state, 'confirm', isoNow(context)), fence: asked.fence }));
      case 'held':
        context.log.info('this host holds the lock already', { lock: state.lock, fence: asked.fence });
        return next(save(context, heldBefore(context, state, asked.fence)));
      case 'refused':
        return end(outcome('refused', `the service refuses the lock ${state.lock}: ${asked.reason}`));
      case 'unavailable':
        return end(outcome('unavailable', `the service cannot be asked for the lock ${state.lock}: ${asked.reason}`));
      case 'queued':
        if (asked.ticket !== undefined && asked.ticket !== state.ticket)
          state = save(context, { ...state, ticket: asked.ticket });
        break;
      case 'closed':
        break;
    }
    const waited = await waitForTurn(context, asked, startedMs);
    if (waited !== undefined) return waited;
  }
}

/** undefined when it is time to ask again. */
async function waitForTurn(
  context: WorkflowContext,
  asked: Extract<AcquireOutcome, { kind: 'queued' | 'closed' }>,
  startedMs: number,
): Promise<StepResult | undefined> {
  const why = asked.kind === 'closed' ? asked.why : `place ${asked.rank ?? 'unknown'} in the queue`;
  if (!context.wait)
    return end(outcome('not_granted', `no lock now (${why}), and waiting is switched off; the next run asks again`));
  const waitMs = Math.min(LONGEST_RETRY_MS, Math.max(SHORTEST_RETRY_MS, asked.retryAfterMs ?? DEFAULT_RETRY_MS));
  if (context.nowMs() - startedMs + waitMs > context.config.waitMaxMs)
    return end(outcome('not_granted', `no lock within the longest wait (${why}); the next run goes on waiting`));
  context.log.info(`waiting for the lock: ${why}`, { seconds: Math.round(waitMs / 1_000) });
  await context.sleep(waitMs);
  if (context.stop.aborted)
    return end(outcome('stopped', 'asked to stop while waiting for the lock; the place in the queue is kept'));
  return undefined;
}

/** Task confirm: the fence is on disk; only now the offer may become a hold. */
export async function confirmLock(context: WorkflowContext, state: UpdateState): Promise<StepResult> {
  const fence = state.fence ?? 0;
  const confirmed = await context.service.confirm(fence);
  switch (confirmed.kind) {
    case 'held':
      context.lease.markHeld(fence, confirmed.leaseMs);
      return holding(context, state);
    case 'lost': {
      context.log.warning('the offer had ended before it was confirmed; asking anew', { fence });
      const { fence: _fence, ticket: _ticket, requestId: _requestId, ...rest } = state;
      return next(save(context, { ...enterTask(rest, 'lock_get', isoNow(context)), requestId: context.newId() }));
    }
    case 'refused':
      return end(outcome('refused', `the service refuses to confirm the lock: ${confirmed.reason}`));
    case 'unavailable':
      return end(outcome('unavailable', `the service cannot be asked to confirm the lock: ${confirmed.reason}`));
  }
}

/** Held before: an answer that was lost, or a state file that was removed. Whether it still holds is asked before any script. */
const heldBefore = (context: WorkflowContext, state: UpdateState, fence: number): UpdateState => ({
  ...enterTask(state, 'pre_update', isoNow(context)),
  fence,
  heldSince: isoNow(context),
});

async function holding(context: WorkflowContext, state: UpdateState): Promise<StepResult> {
  context.log.info('the lock is held', { lock: state.lock, fence: state.fence });
  const held = save(context, { ...enterTask(state, 'pre_update', isoNow(context)), heldSince: isoNow(context) });
  await notify(context, held, { folder: 'ext_notify', running: true, phase: 'main', script: 'none', exitCode: 0 });
  return next(held);
}
