import { rmSync } from 'node:fs';
import { type Command, type OptionValues, UsageProblem } from '../../cli/command.ts';
import type { StateCalls } from '../state/state-file.ts';
import type { UpdateState } from '../state/update-state.ts';
import { type Outcome, outcome } from '../workflow/outcome.ts';
import type { WorkflowContext } from '../workflow/workflow-context.ts';
import { CONFIG_OPTIONS } from './common-options.ts';
import { guarded } from './guarded.ts';
import { withSession } from './session.ts';

export const abortCommand = (stateCalls?: StateCalls): Command => ({
  summary: 'Gives up the update that is under way; the next run begins a new one',
  details: [
    'A held lock is given back with --release: the next host begins, so be sure that this one is well; a lock that failures have',
    'halted stays halted. Without --release, abort only gives up an update that holds nothing, or whose lock is lost.',
  ],
  options: {
    ...CONFIG_OPTIONS,
    release: { type: 'boolean', help: 'release the lock' },
    'discard-state': { type: 'boolean', help: 'remove the state file, readable or not, and leave the lock as it is' },
  },
  run: (options, terminal) => {
    if (options['release'] === true && options['discard-state'] === true)
      return Promise.reject(new UsageProblem('--release and --discard-state: give one'));
    return guarded(terminal, options['json'] === true, () =>
      withSession(options, terminal, stateCalls, (context) => abort(context, options)),
    );
  },
});

async function abort(context: WorkflowContext, options: OptionValues): Promise<Outcome> {
  if (options['discard-state'] === true) {
    rmSync(context.states.path, { force: true });
    return outcome('finished', 'the state file is removed; whether this host holds the lock, the service knows');
  }
  const state = context.states.read();
  if (state === undefined) return outcome('nothing_to_do', 'no update is under way');
  const stopped =
    state.fence === undefined ? undefined : await giveBack(context, state, state.fence, options['release'] === true);
  if (stopped !== undefined) return stopped;
  context.states.remove();
  return outcome('finished', `the update that began at ${state.startedAt} and stood at ${state.task} is given up`);
}

/** undefined when the lock is not held by this host any more. */
async function giveBack(
  context: WorkflowContext,
  state: UpdateState,
  fence: number,
  release: boolean,
): Promise<Outcome | undefined> {
  if (!release) {
    const held = await context.service.renew(fence);
    if (held.kind === 'lost') return undefined;
    return outcome('decision_needed', `this host holds the lock ${state.lock} (fence ${fence}); abort --release gives it back`);
  }
  const released = await context.service.release(fence);
  switch (released.kind) {
    case 'unavailable':
      return outcome('unavailable', `the lock could not be released: ${released.reason}`);
    case 'refused':
      return outcome('refused', `the service refuses the release: ${released.reason}`);
    case 'released':
    case 'not_held':
      context.log.warning(`the lock was given up by hand at ${state.task}`, { lock: state.lock, fence, answer: released.kind });
      return undefined;
  }
}
