import { realpathSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { Terminal } from './command.ts';

/** The process's own terminal. One that goes away, such as a closed pipe, must not end an update half way: the log file has it all. */
export function processTerminal(environment: Terminal['environment']): Terminal {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    environment,
    userId: userInfo().uid,
    program: [process.execPath, realpathSync(process.argv[1] ?? '')],
    errColumns: process.stderr.isTTY ? process.stderr.columns : undefined,
    isInteractive: process.stdin.isTTY || process.stderr.isTTY,
  };
}
