import type { Command } from '../../cli/command.ts';
import type { StateCalls } from '../state/state-file.ts';
import { runUpdate } from '../workflow/run-update.ts';
import { CONFIG_OPTIONS, RUN_OPTIONS } from './common-options.ts';
import { guarded } from './guarded.ts';
import { withSession } from './session.ts';

export const resumeCommand = (stateCalls?: StateCalls): Command => ({
  summary: 'Goes on with an update that failed or was interrupted, after somebody has looked at the host',
  details: ['The script that failed runs again, or counts as done with --skip; those that ended well do not run again.'],
  options: { ...CONFIG_OPTIONS, ...RUN_OPTIONS, skip: { type: 'boolean', help: 'take the failed script for done' } },
  run: (options, terminal) =>
    guarded(terminal, options['json'] === true, () =>
      withSession(options, terminal, stateCalls, (context) =>
        runUpdate(context, {
          afterReboot: false,
          resume: options['skip'] === true ? 'skip' : 'again',
          dateConstraint: undefined,
          randomSleepMs: 0,
        }),
      ),
    ),
});
