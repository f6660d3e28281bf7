import { realpathSync } from 'node:fs';
import { userInfo } from 'node:os';
import { type CommandTable, runCommandLine } from './cli/run-command-line.ts';
import { updateFamily } from './update/update-family.ts';

/** First words of the program; a further family is one more row. */
const COMMANDS: CommandTable = {
  update: updateFamily(),
};

/** A bundle that is executable is named as it is; otherwise Node must be named too. */
const program = (): readonly string[] => [process.execPath, realpathSync(process.argv[1] ?? '')];

process.exitCode = await runCommandLine(COMMANDS, process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  environment: process.env,
  userId: userInfo().uid,
  program: program(),
});
