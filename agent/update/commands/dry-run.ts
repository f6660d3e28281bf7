import type { OptionValues, Terminal } from '../../cli/command.ts';
import { HOOK_FOLDERS, PHASE_FOLDERS, type UpdateConfig } from '../config/update-config.ts';
import { listScripts } from '../scripts/list-scripts.ts';
import { stateFile } from '../state/state-file.ts';
import { type Outcome, outcome } from '../workflow/outcome.ts';
import { configOf } from './session.ts';

interface PlannedFolder {
  readonly task: string;
  readonly folder: string;
  readonly scripts: readonly string[];
  readonly ignored: readonly { readonly name: string; readonly why: string }[];
}

/** Where the update stands and what each folder would run. Nothing is started, written or asked of the service. */
export async function dryRun(options: OptionValues, terminal: Terminal): Promise<Outcome> {
  const config = configOf(options, terminal);
  const state = stateFile(config.stateFile).read();
  const folders = plannedFolders(config, terminal.userId);
  const start = state === undefined ? 'would begin at needs_update' : `would go on at ${state.task}`;
  if (options['json'] === true) {
    terminal.out(`${JSON.stringify({ start: state?.task ?? 'needs_update', folders, rebootCommand: config.rebootCommand })}\n`);
  } else {
    terminal.out(`${start}, under the lock ${config.service.lock} of ${config.service.baseUrl}\n`);
    for (const { task, folder, scripts, ignored } of folders) {
      terminal.out(`${task.padEnd(13)} ${folder}: ${scripts.join(' ') || '(no scripts)'}\n`);
      for (const { name, why } of ignored) terminal.out(`${' '.repeat(14)}not ${name}: ${why}\n`);
    }
    terminal.out(`${'reboot with'.padEnd(13)} ${config.rebootCommand.join(' ') || '(the scripts of reboot.d)'}\n`);
  }
  return outcome('finished', 'dry run: nothing was done');
}

export function plannedFolders(config: UpdateConfig, userId: number): readonly PlannedFolder[] {
  return [...PHASE_FOLDERS, ...HOOK_FOLDERS].flatMap((task) => {
    const folder = config.folders[task];
    return folder === undefined ? [] : [{ task, folder, ...listScripts(folder, userId) }];
  });
}
