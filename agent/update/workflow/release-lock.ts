import type { UpdateState } from '../state/update-state.ts';
import { notify } from './notify.ts';
import { outcome } from './outcome.ts';
import { end, type StepResult, type WorkflowContext } from './workflow-context.ts';

/** Task lock_release: the release names the fence, so that repeating it never frees a later grant. Then the update is over. */
export async function releaseLock(context: WorkflowContext, state: UpdateState): Promise<StepResult> {
  const released = await context.service.release(state.fence ?? 0);
  switch (released.kind) {
    case 'unavailable':
      return end(
        outcome(
          'unavailable',
          `the update is done, and the lock could not be released: ${released.reason}; the next run tries again`,
        ),
      );
    case 'refused':
      return end(outcome('refused', `the update is done, and the service refuses the release: ${released.reason}`));
    case 'not_held':
      context.log.warning('the lock was not held by this host any more', { lock: state.lock, fence: state.fence });
      break;
    case 'released':
      context.log.info('the lock is released', { lock: state.lock, fence: state.fence });
      break;
  }
  await notify(context, state, { folder: 'ext_notify', running: false, phase: 'main', script: 'none', exitCode: 0 });
  context.states.remove();
  return end(outcome('finished', `the update is finished, and the lock ${state.lock} is released`));
}
