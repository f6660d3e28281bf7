import { join } from 'node:path';
import type { PhaseFolder } from '../config/update-config.ts';
import { freshFlock, isFlocked } from '../host/flock.ts';
import { survivors } from '../host/survivors.ts';
import { listScripts } from '../scripts/list-scripts.ts';
import { describeResult, runScript, type ScriptResult } from '../scripts/run-script.ts';
import { scriptEnvironment, stepName } from '../scripts/script-environment.ts';
import type { ScriptRecord, UpdateState } from '../state/update-state.ts';
import { notify } from './notify.ts';
import { type Outcome, outcome } from './outcome.ts';
import { reportFailure } from './report-failure.ts';
import { verifyHold } from './verify-hold.ts';
import { isoNow, save, type WorkflowContext } from './workflow-context.ts';

export type PhaseResult =
  /** Every script ended well; for a check that means "no". */
  | { readonly kind: 'passed'; readonly state: UpdateState }
  /** A check said yes; those after it were not asked. */
  | { readonly kind: 'yes'; readonly state: UpdateState }
  | { readonly kind: 'failed'; readonly state: UpdateState; readonly message: string }
  | { readonly kind: 'end'; readonly outcome: Outcome };

const FIRST_YES_CODE = 100;

type Verdict = 'passed' | 'yes' | 'failed';

/** Runs what is left to run of a task's scripts, one after another, each with its start and its end on disk. */
export async function runPhase(context: WorkflowContext, before: UpdateState, phase: PhaseFolder): Promise<PhaseResult> {
  let state = before.scripts === undefined ? { ...before, scripts: plan(context, phase) } : before;
  for (let index = 0; index < (state.scripts?.length ?? 0); index += 1) {
    const result = await runNext(context, state, phase, index);
    if (result.kind !== 'passed') return result;
    state = result.state;
  }
  return { kind: 'passed', state };
}

export const isCheck = (phase: PhaseFolder): boolean => phase === 'needs_update' || phase === 'needs_reboot';

/** The scripts of a task are settled when it begins: a package that replaces them half way does not change this update. */
function plan(context: WorkflowContext, phase: PhaseFolder): readonly ScriptRecord[] {
  const folder = context.config.folders[phase];
  const { scripts, ignored } = listScripts(folder, context.userId);
  for (const { name, why } of ignored) context.log.warning(`${join(folder, name)} is not run: ${why}`);
  context.log.info(`task ${phase}: ${scripts.length === 0 ? 'no scripts' : scripts.join(' ')}`);
  return scripts.map((name) => ({ name, status: 'waiting', starts: 0 }));
}

async function runNext(context: WorkflowContext, state: UpdateState, phase: PhaseFolder, index: number): Promise<PhaseResult> {
  const script = state.scripts?.[index];
  if (script === undefined || script.status === 'skipped') return { kind: 'passed', state };
  if (script.status === 'done') return { kind: verdictOfCode(context, phase, script.exitCode ?? 0), state, message: '' };
  if (script.status === 'running') {
    const stopped = interruptedScript(context, state, phase, script);
    if (stopped === 'skip') return { kind: 'passed', state: saveScript(context, state, index, { ...script, status: 'skipped' }) };
    if (stopped !== 'rerun') return { kind: 'end', outcome: stopped };
  }
  const notHeld = state.fence === undefined ? undefined : await verifyHold(context, state);
  if (notHeld !== undefined) return { kind: 'end', outcome: notHeld };
  if (context.stop.aborted) return { kind: 'end', outcome: outcome('stopped', `asked to stop before ${phase}/${script.name}`) };
  return startScript(context, state, phase, index, script);
}

/** A script of a killed run: undefined end, perhaps not even an end. */
function interruptedScript(
  context: WorkflowContext,
  state: UpdateState,
  phase: PhaseFolder,
  script: ScriptRecord,
): 'rerun' | 'skip' | Outcome {
  const lockFile = scriptLockFile(context);
  const alive = survivors(lockFile, stepName(state, script.name, script.starts));
  const name = `${phase}/${script.name}`;
  if (alive.length > 0 || isFlocked(lockFile))
    return outcome(
      'busy',
      `${name} of a run that was killed is still at work (process ${alive.join(', ') || 'unknown'}); nothing was started`,
    );
  context.log.warning(`${name} was interrupted`, { policy: context.interrupted });
  // A check that is left out would have no answer; asking again changes nothing on the host.
  if (isCheck(phase)) return 'rerun';
  if (context.interrupted === 'ask')
    return outcome('decision_needed', `${name} was interrupted. mirrortide update resume --interrupted rerun, or skip`);
  return context.interrupted;
}

async function startScript(
  context: WorkflowContext,
  before: UpdateState,
  phase: PhaseFolder,
  index: number,
  script: ScriptRecord,
): Promise<PhaseResult> {
  const starts = script.starts + 1;
  const lock = freshFlock(scriptLockFile(context));
  const running: ScriptRecord = { name: script.name, status: 'running', starts, startedAt: isoNow(context) };
  let result: ScriptResult;
  let state: UpdateState;
  try {
    state = saveScript(context, before, index, running);
    const step = stepName(state, script.name, starts);
    const label = `${phase}/${script.name}`;
    context.log.info(`start ${label}`);
    result = await runScript({
      file: join(context.config.folders[phase], script.name),
      args: [],
      environment: scriptEnvironment(context.config, state, step, context.environment),
      limitMs: context.config.scriptLimitMs,
      outputFile: `${context.states.path}.output`,
      lockDescriptor: lock.descriptor,
      onLine: (line) => context.log.info(line, { script: label }),
      stop: context.stop,
    });
    context.log.info(`end ${label}: ${describeResult(result)}`);
  } finally {
    lock.release();
  }
  return recordResult(context, state, phase, index, running, result);
}

async function recordResult(
  context: WorkflowContext,
  before: UpdateState,
  phase: PhaseFolder,
  index: number,
  running: ScriptRecord,
  result: ScriptResult,
): Promise<PhaseResult> {
  // It stays "running" on disk: the next run takes it for what it is, an interrupted script.
  if (result.kind === 'stopped')
    return { kind: 'end', outcome: outcome('stopped', `asked to stop during ${phase}/${running.name}`) };
  const code = result.kind === 'exit' ? result.code : undefined;
  const verdict = code === undefined ? 'failed' : verdictOfCode(context, phase, code);
  const ended: ScriptRecord = {
    ...running,
    status: verdict === 'failed' ? 'failed' : 'done',
    endedAt: isoNow(context),
    ...(code === undefined ? {} : { exitCode: code }),
  };
  if (verdict === 'failed') return failedScript(context, before, phase, index, ended, describeResult(result));
  const state = saveScript(context, before, index, ended);
  await notify(context, state, { folder: 'ext_notify', running: true, phase, script: running.name, exitCode: code ?? 1 });
  return { kind: verdict, state };
}

async function failedScript(
  context: WorkflowContext,
  before: UpdateState,
  phase: PhaseFolder,
  index: number,
  ended: ScriptRecord,
  reason: string,
): Promise<PhaseResult> {
  const failure = { at: isoNow(context), script: ended.name, reason, reported: false };
  const state = saveScript(context, { ...before, failure }, index, ended);
  const exitCode = ended.exitCode ?? 1;
  await notify(context, state, { folder: 'ext_notify', running: true, phase, script: ended.name, exitCode });
  return { kind: 'failed', state: await reportFailure(context, state, exitCode), message: `${phase}/${ended.name}: ${reason}` };
}

function verdictOfCode(context: WorkflowContext, phase: PhaseFolder, code: number): Verdict {
  if (code === 0) return 'passed';
  if (!isCheck(phase)) return 'failed';
  return context.config.checkCodes === 'nonzero' || code >= FIRST_YES_CODE ? 'yes' : 'failed';
}

function saveScript(context: WorkflowContext, state: UpdateState, index: number, record: ScriptRecord): UpdateState {
  return save(context, { ...state, scripts: (state.scripts ?? []).map((script, at) => (at === index ? record : script)) });
}

const scriptLockFile = (context: WorkflowContext): string => `${context.states.path}.script.lock`;
