import { join } from 'node:path';
import type { HookFolder } from '../config/update-config.ts';
import { listScripts } from '../scripts/list-scripts.ts';
import { describeResult, runScript } from '../scripts/run-script.ts';
import { scriptEnvironment } from '../scripts/script-environment.ts';
import type { UpdateState } from '../state/update-state.ts';
import type { WorkflowContext } from './workflow-context.ts';

export interface Notice {
  readonly folder: Extract<HookFolder, 'ext_notify' | 'on_failure'>;
  readonly running: boolean;
  readonly phase: string;
  readonly script: string;
  readonly exitCode: number;
}

/** A message to a chat or a monitoring system; longer than this and it would hold up the fleet. */
const NOTICE_LIMIT_MS = 60_000;

const python = (value: boolean): string => (value ? 'True' : 'False');

/**
 * Runs the scripts of ext_notify.d or on_failure.d with DLMEngineUpdater's arguments: lock, held, running, phase, script, exit
 * code. What they do never decides anything, and they may be told twice what happened once.
 */
export async function notify(context: WorkflowContext, state: UpdateState, notice: Notice): Promise<void> {
  const folder = context.config.folders[notice.folder];
  if (folder === undefined) return;
  const held = state.heldSince !== undefined && notice.running;
  const args = [state.lock, python(held), python(notice.running), notice.phase, notice.script, String(notice.exitCode)];
  for (const name of scriptsOf(context, folder)) {
    const result = await runScript({
      file: join(folder, name),
      args,
      environment: scriptEnvironment(context.config, state, `${state.runId}/${notice.folder}/${name}`, context.environment),
      limitMs: NOTICE_LIMIT_MS,
      outputFile: `${context.states.path}.notice`,
      lockDescriptor: undefined,
      onLine: (line) => context.log.info(line, { script: `${notice.folder}/${name}` }),
      stop: context.stop,
    });
    if (result.kind !== 'exit' || result.code !== 0) context.log.warning(`${notice.folder}/${name}: ${describeResult(result)}`);
  }
}

function scriptsOf(context: WorkflowContext, folder: string): readonly string[] {
  try {
    return listScripts(folder, context.userId).scripts;
  } catch (error) {
    context.log.warning(`no notices: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}
