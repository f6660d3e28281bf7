import { join } from 'node:path';
import { listScripts } from '../scripts/list-scripts.ts';
import { describeResult, runScript, type ScriptResult } from '../scripts/run-script.ts';
import { scriptEnvironment } from '../scripts/script-environment.ts';
import { enterTask, type UpdateState } from '../state/update-state.ts';
import { outcome } from './outcome.ts';
import { reportFailure } from './report-failure.ts';
import { verifyHold } from './verify-hold.ts';
import { end, isoNow, next, type StepResult, save, type WorkflowContext } from './workflow-context.ts';

/**
 * Task reboot. Only another boot id leads on to post_update: a run between the command and the shutdown must not take the update
 * for finished and release the lock. A reboot that was asked for and did not come is asked for again after a while.
 */
export async function rebootHost(context: WorkflowContext, state: UpdateState): Promise<StepResult> {
  if (context.bootId() !== state.rebootFromBootId) {
    context.log.info('the host has rebooted');
    const { rebootFromBootId: _from, rebootAttempt: _attempt, ...rest } = state;
    return next(save(context, enterTask(rest, 'post_update', isoNow(context))));
  }
  if (isPending(context, state))
    return end(outcome('reboot_pending', `a reboot was asked for at ${state.rebootAttempt?.startedAt} and has not come yet`));
  const notHeld = await verifyHold(context, state);
  if (notHeld !== undefined) return end(notHeld);
  return askForReboot(context, state);
}

function isPending(context: WorkflowContext, state: UpdateState): boolean {
  const attempt = state.rebootAttempt;
  if (attempt?.exitCode !== 0) return false;
  const ageMs = context.nowMs() - Date.parse(attempt.startedAt);
  return ageMs >= 0 && ageMs < context.config.rebootRetryMs;
}

async function askForReboot(context: WorkflowContext, before: UpdateState): Promise<StepResult> {
  const commands = rebootCommands(context);
  const startedAt = isoNow(context);
  const state = save(context, { ...before, rebootAttempt: { startedAt } });
  context.log.info('rebooting', { command: commands.map((words) => words.join(' ')).join('; ') });
  let problem = commands.length === 0 ? 'neither a reboot command nor a script in reboot.d' : undefined;
  for (const command of commands) {
    const result = await runCommand(context, state, command);
    if (result.kind === 'stopped') break; // The shutdown has begun, and it ends this program too.
    if (result.kind !== 'exit' || result.code !== 0) problem ??= `${command[0]}: ${describeResult(result)}`;
  }
  if (problem === undefined) {
    save(context, { ...state, rebootAttempt: { startedAt, exitCode: 0 } });
    return end(outcome('reboot_started', 'the host reboots; the update goes on afterwards'));
  }
  const failure = { at: isoNow(context), reason: problem, reported: false };
  await reportFailure(context, save(context, { ...state, rebootAttempt: { startedAt, exitCode: 1 }, failure }), 1);
  return end(outcome('failed', `the reboot command failed: ${problem}. The lock is kept`));
}

/** Scripts of reboot.d in their order, then the reboot command; each may be absent. */
function rebootCommands(context: WorkflowContext): readonly (readonly string[])[] {
  const { folders, rebootCommand } = context.config;
  const folder = folders.reboot;
  const scripts = folder === undefined ? [] : listScripts(folder, context.userId).scripts.map((name) => [join(folder, name)]);
  return rebootCommand.length === 0 ? scripts : [...scripts, rebootCommand];
}

function runCommand(context: WorkflowContext, state: UpdateState, command: readonly string[]): Promise<ScriptResult> {
  const [file = '', ...args] = command;
  return runScript({
    file,
    args,
    environment: scriptEnvironment(context.config, state, `${state.runId}/reboot`, context.environment),
    limitMs: context.config.scriptLimitMs,
    outputFile: `${context.states.path}.output`,
    lockDescriptor: undefined,
    onLine: (line) => context.log.info(line, { script: 'reboot' }),
    stop: context.stop,
  });
}
