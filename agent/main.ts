import { setTimeout as delay } from 'node:timers/promises';
import { processTerminal } from './cli/process-terminal.ts';
import { type CommandTable, runCommandLine } from './cli/run-command-line.ts';
import { fetchCommand } from './fetch/command/fetch-command.ts';
import { applyCommand } from './network/apply-command.ts';
import type { Waiting } from './network/ask-service.ts';
import { exportCommand } from './network/export-command.ts';
import { syncFamily } from './sync/sync-family.ts';
import { updateFamily } from './update/update-family.ts';

const WAITING: Waiting = { sleep: (ms) => delay(ms), random: Math.random };

/** First words of the program; a further family is one more row. */
const COMMANDS: CommandTable = {
  update: updateFamily(),
  sync: syncFamily(),
  fetch: fetchCommand(),
  apply: applyCommand(WAITING),
  export: exportCommand(WAITING),
};

process.exitCode = await runCommandLine(COMMANDS, process.argv.slice(2), processTerminal(process.env));
