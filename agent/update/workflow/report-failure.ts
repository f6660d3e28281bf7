import type { UpdateState } from '../state/update-state.ts';
import { notify } from './notify.ts';
import { save, type WorkflowContext } from './workflow-context.ts';

/** Tells the service, if it does not know yet, and runs on_failure.d. The lock is kept: it protects the rest of the fleet. */
export async function reportFailure(context: WorkflowContext, state: UpdateState, exitCode: number): Promise<UpdateState> {
  const reported = await tellService(context, state);
  await notify(context, reported, {
    folder: 'on_failure',
    running: true,
    phase: state.task,
    script: state.failure?.script ?? 'none',
    exitCode,
  });
  return reported;
}

/** A service that cannot be reached is told by the next run. */
export async function tellService(context: WorkflowContext, state: UpdateState): Promise<UpdateState> {
  const { failure, fence } = state;
  if (failure === undefined || failure.reported || fence === undefined) return state;
  const told = await context.service.fail(fence, `${state.task} ${failure.script ?? ''}: ${failure.reason}`);
  if (told.kind === 'unavailable') {
    context.log.warning(`the service could not be told of the failure: ${told.reason}; the next run tries again`);
    return state;
  }
  if (told.kind !== 'held') context.log.warning('the service did not take the report of the failure', { answer: told.kind });
  return save(context, { ...state, failure: { ...failure, reported: true } });
}
