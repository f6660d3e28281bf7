import { processTerminal } from './cli/process-terminal.ts';
import { type CommandTable, runCommandLine } from './cli/run-command-line.ts';
import { updateFamily } from './update/update-family.ts';

/** First words of the program; a further family is one more row. */
const COMMANDS: CommandTable = {
  update: updateFamily(),
};

process.exitCode = await runCommandLine(COMMANDS, process.argv.slice(2), processTerminal(process.env));
