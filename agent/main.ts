import { setTimeout as delay } from 'node:timers/promises';
import { processTerminal } from './cli/process-terminal.ts';
import { type CommandTable, runCommandLine } from './cli/run-command-line.ts';
import { fetchCommand } from './fetch/command/fetch-command.ts';
import { applyCommand } from './network/apply-command.ts';
import type { Waiting } from './network/ask-service.ts';
import { exportCommand } from './network/export-command.ts';
import { syncFamily } from './sync/sync-family.ts';
import { updateFamily } from './update/update-family.ts';
import { diffCommand } from './volume/commands/diff-command.ts';
import { gcFamily } from './volume/commands/gc-family.ts';
import { holdCommand, pinCommand, resumeCommand, unpinCommand } from './volume/commands/hold-commands.ts';
import { logCommand } from './volume/commands/log-command.ts';
import { publishCommand } from './volume/commands/publish-command.ts';
import { releaseCommand } from './volume/commands/release-command.ts';
import { rollbackCommand } from './volume/commands/rollback-command.ts';
import { statusCommand } from './volume/commands/status-command.ts';
import { verifyCommand } from './volume/commands/verify-command.ts';
import { processVolumeWorld } from './volume/volume-command.ts';

const WAITING: Waiting = { sleep: (ms) => delay(ms), random: Math.random };

/** First words of the program; a further family is one more row. */
const COMMANDS: CommandTable = {
  update: updateFamily(),
  sync: syncFamily(),
  fetch: fetchCommand(),
  apply: applyCommand(WAITING),
  export: exportCommand(WAITING),
  publish: publishCommand(processVolumeWorld),
  release: releaseCommand(processVolumeWorld),
  rollback: rollbackCommand(processVolumeWorld),
  diff: diffCommand(processVolumeWorld),
  log: logCommand(processVolumeWorld),
  hold: holdCommand(processVolumeWorld),
  resume: resumeCommand(processVolumeWorld),
  pin: pinCommand(processVolumeWorld),
  unpin: unpinCommand(processVolumeWorld),
  status: statusCommand(processVolumeWorld),
  verify: verifyCommand(processVolumeWorld),
  gc: gcFamily(processVolumeWorld),
};

process.exitCode = await runCommandLine(COMMANDS, process.argv.slice(2), processTerminal(process.env));
