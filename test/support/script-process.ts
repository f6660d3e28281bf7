import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface ScriptProcess {
  /** The first line the script printed. */
  readonly firstLine: string;
  /** SIGKILL, and wait until it is gone. */
  killHard(): Promise<void>;
}

/** Runs a module in a node of its own and waits for its first line. */
export async function runScript(source: string): Promise<ScriptProcess> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [firstLine] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    exited.then(([code]) => Promise.reject(new Error(`the script ended with ${String(code)} before it printed a line`))),
  ])) as [string];
  return {
    firstLine,
    async killHard() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
