import { type ChildProcess, spawn } from 'node:child_process';
import type { HookRun } from '../fetch-world.ts';

const GRACE_MS = 10_000;
const LAST_OUTPUT_MS = 200;

/**
 * Runs a command with the shell, in a group of its own. Resolves to what is wrong, or undefined when it ended with 0. What it
 * leaves running behind it is not waited for; what runs longer than the limit is ended, with all of its group.
 */
export function runHook({ command, folder, environment, limitMs, output }: HookRun): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', command], {
      cwd: folder,
      env: environment,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', output);
    let problem: string | undefined;
    let late = false;
    const timers = [
      setTimeout(() => {
        late = true;
        signalGroup(child, 'SIGTERM');
      }, limitMs),
      setTimeout(() => signalGroup(child, 'SIGKILL'), limitMs + GRACE_MS),
    ];
    const settle = (): void => {
      for (const timer of timers) clearTimeout(timer);
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
      resolve(late ? `it ran longer than ${limitMs} ms` : problem);
    };
    child.on('error', (error) => {
      problem = error.message;
      settle();
    });
    child.on('exit', (code, signal) => {
      problem = code === 0 ? undefined : `it ended with ${code ?? signal}`;
      // A daemon that it leaves behind keeps its output open; ours ends a moment after the command did.
      timers.push(setTimeout(settle, LAST_OUTPUT_MS));
    });
    child.on('close', settle);
  });
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // It has ended in between.
  }
}
