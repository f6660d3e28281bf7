import { isAllowedDay, parseDateConstraint } from '../config/date-constraint.ts';
import { PHASE_FOLDERS, type PhaseFolder } from '../config/update-config.ts';
import { listScripts } from '../scripts/list-scripts.ts';
import { enterTask, STATE_SCHEMA, TASKS, type Task, type UpdateState } from '../state/update-state.ts';
import { type Outcome, outcome } from './outcome.ts';
import { rebootHost } from './reboot-host.ts';
import { releaseLock } from './release-lock.ts';
import { tellService } from './report-failure.ts';
import { type PhaseResult, runPhase } from './run-phase.ts';
import { confirmLock, takeLock } from './take-lock.ts';
import { verifyHold } from './verify-hold.ts';
import { end, isoNow, next, type StepResult, save, type WorkflowContext } from './workflow-context.ts';

export interface RunRequest {
  /** Started by the init system: goes on only with an update that waits for this reboot. */
  readonly afterReboot: boolean;
  /** The operator's word that a failed update may go on: its failed script runs again, or counts as done. */
  readonly resume: 'no' | 'again' | 'skip';
  readonly dateConstraint: string | undefined;
  readonly randomSleepMs: number;
}

/** The whole workflow, from wherever the state file says, to its end or to where it must stop. */
export async function runUpdate(context: WorkflowContext, request: RunRequest): Promise<Outcome> {
  try {
    const found = context.states.read();
    const start = found === undefined ? await beginUpdate(context, request) : await continueUpdate(context, request, found);
    let step = start;
    while (step.kind === 'next') step = await STEPS[step.state.task](context, step.state);
    return step.outcome;
  } finally {
    context.lease.end();
  }
}

const STEPS: Readonly<Record<Task, (context: WorkflowContext, state: UpdateState) => Promise<StepResult>>> = {
  needs_update: checkForUpdates,
  lock_get: takeLock,
  confirm: confirmLock,
  pre_update: (context, state) => runScripts(context, state, 'pre_update', 'update'),
  update: (context, state) => runScripts(context, state, 'update', 'needs_reboot'),
  needs_reboot: checkForReboot,
  reboot: rebootHost,
  post_update: (context, state) => runScripts(context, state, 'post_update', 'lock_release'),
  lock_release: releaseLock,
};

async function beginUpdate(context: WorkflowContext, request: RunRequest): Promise<StepResult> {
  if (request.resume !== 'no') return end(outcome('nothing_to_do', 'no update is under way'));
  if (request.afterReboot) return end(outcome('not_our_reboot', 'no update waits for a reboot'));
  if (request.dateConstraint !== undefined) {
    const today = new Date(context.nowMs());
    if (!isAllowedDay(parseDateConstraint(request.dateConstraint), today.getDate(), today.getDay()))
      return end(outcome('not_today', `the date constraint ${request.dateConstraint} does not allow an update to begin today`));
  }
  if (request.randomSleepMs > 0) await context.sleep(context.random() * request.randomSleepMs);
  if (context.stop.aborted) return end(outcome('stopped', 'asked to stop before anything began'));
  requireFolders(context);
  const now = isoNow(context);
  return next({
    schema: STATE_SCHEMA,
    runId: context.newId(),
    startedAt: now,
    task: 'needs_update',
    taskSince: now,
    lock: context.config.service.lock,
    baseUrl: context.config.service.baseUrl,
    bootId: context.bootId(),
    finished: [],
  });
}

/** Before anything is asked or taken: a misspelt folder must not be found out half way, with the lock held. */
function requireFolders({ config, userId }: WorkflowContext): void {
  for (const phase of PHASE_FOLDERS) listScripts(config.folders[phase], userId);
  if (config.folders.reboot !== undefined) listScripts(config.folders.reboot, userId);
}

async function continueUpdate(context: WorkflowContext, request: RunRequest, found: UpdateState): Promise<StepResult> {
  const { lock, baseUrl } = context.config.service;
  if (found.lock !== lock || found.baseUrl !== baseUrl)
    return end(
      outcome(
        'configuration',
        `an update under the lock ${found.lock} at ${found.baseUrl} is under way, and the configuration now says ${lock} at ${baseUrl}: ` +
          'change it back until the update is finished or aborted',
      ),
    );
  if (request.afterReboot && TASKS.indexOf(found.task) < TASKS.indexOf('reboot'))
    return end(
      outcome(
        'not_our_reboot',
        `the update stands at ${found.task} and did not ask for this reboot; the next ordinary run goes on`,
      ),
    );
  context.log.info(`an update is under way at ${found.task}`, { runId: found.runId, since: found.taskSince });
  if (found.failure === undefined) return next(found);
  const told = await tellService(context, found);
  if (request.resume === 'no' && context.config.afterFailure === 'stop')
    return end(
      outcome(
        'decision_needed',
        `the update failed at ${found.task} ${found.failure.script ?? ''} (${found.failure.reason}). ` +
          'mirrortide update resume goes on there; mirrortide update abort --release gives up',
      ),
    );
  return next(save(context, withoutFailure(told, request.resume === 'skip')));
}

function withoutFailure(state: UpdateState, skip: boolean): UpdateState {
  const { failure: _failure, rebootAttempt, ...rest } = state;
  const attempt = rebootAttempt?.exitCode === 0 ? { rebootAttempt } : {};
  if (rest.scripts === undefined) return { ...rest, ...attempt };
  const scripts = rest.scripts.map((script) =>
    script.status === 'failed' ? { ...script, status: skip ? ('skipped' as const) : ('waiting' as const) } : script,
  );
  return { ...rest, ...attempt, scripts };
}

/** Without a yes there is nothing to do: no scripts, or none that says so. The first yes decides; the others are not asked. */
async function checkForUpdates(context: WorkflowContext, state: UpdateState): Promise<StepResult> {
  const result = await runPhase(context, state, 'needs_update');
  switch (result.kind) {
    case 'end':
      return end(result.outcome);
    case 'yes':
      return next(save(context, enterTask(result.state, 'lock_get', isoNow(context))));
    case 'passed':
      if ((result.state.scripts ?? []).length > 0) context.states.remove();
      return end(outcome('nothing_to_do', 'no updates are available'));
    case 'failed':
      // No lock is held: the next run asks anew.
      context.states.remove();
      return end(outcome('failed', `a check failed, and nothing was begun: ${result.message}`));
  }
}

/** No scripts, or one that says yes: reboot. */
async function checkForReboot(context: WorkflowContext, state: UpdateState): Promise<StepResult> {
  const result = await verifiedPhase(context, state, 'needs_reboot');
  if (result.kind === 'end') return end(result.outcome);
  if (result.kind === 'failed') return end(outcome('failed', `${result.message}. The lock is kept`));
  const now = isoNow(context);
  if (result.kind === 'passed' && (result.state.scripts ?? []).length > 0)
    return next(save(context, enterTask(result.state, 'post_update', now)));
  return next(save(context, { ...enterTask(result.state, 'reboot', now), rebootFromBootId: context.bootId() }));
}

async function runScripts(context: WorkflowContext, state: UpdateState, phase: PhaseFolder, then: Task): Promise<StepResult> {
  const result = await verifiedPhase(context, state, phase);
  if (result.kind === 'end') return end(result.outcome);
  if (result.kind === 'failed') return end(outcome('failed', `${result.message}. The lock is kept`));
  return next(save(context, enterTask(result.state, then, isoNow(context))));
}

async function verifiedPhase(context: WorkflowContext, state: UpdateState, phase: PhaseFolder): Promise<PhaseResult> {
  const notHeld = await verifyHold(context, state);
  return notHeld === undefined ? runPhase(context, state, phase) : { kind: 'end', outcome: notHeld };
}
