import type { CommandFamily } from '../cli/command.ts';
import { abortCommand } from './commands/abort.ts';
import { checkConfigCommand } from './commands/check-config.ts';
import { installUnitsCommand } from './commands/install-units.ts';
import { resumeCommand } from './commands/resume.ts';
import { runCommand } from './commands/run.ts';
import { statusCommand } from './commands/status.ts';
import type { StateCalls } from './state/state-file.ts';

/** `mirrortide update …`. `stateCalls` are the system calls of the state file; a test ends the process at one of them. */
export const updateFamily = (stateCalls?: StateCalls): CommandFamily => ({
  summary: 'Updates this host under a lock of the fleet',
  commands: {
    run: runCommand(stateCalls),
    status: statusCommand(),
    resume: resumeCommand(stateCalls),
    abort: abortCommand(stateCalls),
    'install-units': installUnitsCommand(),
    'check-config': checkConfigCommand(),
  },
});
