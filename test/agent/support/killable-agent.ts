import * as fs from 'node:fs';
import process from 'node:process';
import { processTerminal } from '../../../agent/cli/process-terminal.ts';
import { runCommandLine } from '../../../agent/cli/run-command-line.ts';
import type { StateCalls } from '../../../agent/files/durable-file.ts';
import { syncFamily } from '../../../agent/sync/sync-family.ts';
import { updateFamily } from '../../../agent/update/update-family.ts';

// The agent, ended by SIGKILL before the n-th system call on its state file; a write is cut in half by it. Without a number it
// only counts, and says the count when it ends.
const killAt = Number(process.env['TEST_KILL_AT'] ?? 0);
const countFile = process.env['TEST_COUNT_FILE'];
let calls = 0;

const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
};

const counted = <Args extends readonly unknown[], Result>(call: (...args: Args) => Result, halfWay?: (...args: Args) => void) => {
  return (...args: Args): Result => {
    calls += 1;
    if (calls === killAt) {
      halfWay?.(...args);
      die();
    }
    const result = call(...args);
    if (countFile !== undefined) fs.writeFileSync(countFile, String(calls));
    return result;
  };
};

const stateCalls = {
  readFileSync: fs.readFileSync,
  mkdirSync: fs.mkdirSync,
  openSync: counted(fs.openSync),
  writeSync: counted(fs.writeSync as (fd: number, bytes: Buffer, offset: number) => number, (fd, bytes) => {
    fs.writeSync(fd, bytes.subarray(0, bytes.length / 2));
  }),
  fsyncSync: counted(fs.fsyncSync),
  closeSync: counted(fs.closeSync),
  renameSync: counted(fs.renameSync),
  unlinkSync: counted(fs.unlinkSync),
} as unknown as StateCalls;

process.exitCode = await runCommandLine(
  { update: updateFamily(stateCalls), sync: syncFamily(stateCalls) },
  process.argv.slice(2),
  processTerminal(process.env),
);
