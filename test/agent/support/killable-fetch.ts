import * as fs from 'node:fs';
import process from 'node:process';
import { processTerminal } from '../../../agent/cli/process-terminal.ts';
import { runCommandLine } from '../../../agent/cli/run-command-line.ts';
import { fetchCommand, processWorld } from '../../../agent/fetch/command/fetch-command.ts';
import type { Disk } from '../../../agent/fetch/fetch-world.ts';
import { DISK_CALLS } from './disk-calls.ts';

// The program, ended by SIGKILL before the n-th call that changes the disk; a write is cut in half by it. It writes how many calls it
// has made into a file.
const killAt = Number(process.env['TEST_KILL_AT'] ?? 0);
const countFile = process.env['TEST_COUNT_FILE'];
let calls = 0;
const real: Disk = fs;

const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
};

const disk = Object.fromEntries(
  DISK_CALLS.map((name) => [
    name,
    (...parameters: never[]) => {
      calls += 1;
      if (calls === killAt) {
        const [descriptor, bytes, offset, length, position] = parameters as unknown as [number, Buffer, number, number, number];
        if (name === 'writeSync' && length > 1) fs.writeSync(descriptor, bytes, offset, Math.floor(length / 2), position);
        die();
      }
      if (countFile !== undefined) fs.writeFileSync(countFile, String(calls));
      return (real[name] as (...given: never[]) => unknown)(...parameters);
    },
  ]),
) as unknown as Disk;

process.exitCode = await runCommandLine(
  { fetch: fetchCommand((environment) => ({ ...processWorld(environment), disk })) },
  process.argv.slice(2),
  processTerminal(process.env),
);
