import type { CommandFamily } from '../cli/command.ts';
import type { StateCalls } from '../files/durable-file.ts';
import { endCommand } from './commands/end.ts';
import { operateCommand } from './commands/operate.ts';
import { runCommand } from './commands/run.ts';
import { statusCommand } from './commands/status.ts';

/** `mirrortide sync …`. `stateCalls` are the system calls of the state file; a test ends the process at one of them. */
export const syncFamily = (stateCalls?: StateCalls): CommandFamily => ({
  summary: 'Takes this host out of service while it synchronises, and puts it back once it is verified',
  commands: {
    run: runCommand(stateCalls),
    status: statusCommand(),
    end: endCommand(),
    hold: operateCommand('hold'),
    release: operateCommand('release'),
  },
});
