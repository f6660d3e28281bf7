import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { outputFollower } from './output-follower.ts';

export interface ScriptCall {
  readonly file: string;
  readonly args: readonly string[];
  /** All that the script sees; nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  readonly limitMs: number;
  /** Made anew for the script, which writes to it directly: it neither blocks nor dies when the agent does. */
  readonly outputFile: string;
  /** Inherited by the script and by all that it starts. */
  readonly lockDescriptor: number | undefined;
  readonly onLine: (line: string) => void;
  readonly stop: AbortSignal;
}

export type ScriptResult =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: string }
  | { readonly kind: 'timeout'; readonly limitMs: number }
  | { readonly kind: 'not_started'; readonly reason: string }
  /** The agent was asked to stop and ended the script. */
  | { readonly kind: 'stopped' };

const KILL_AFTER_MS = 10_000;
const PRIVATE = 0o600;

/**
 * Runs one script in a process group of its own, its output line by line to `onLine`. At the limit, or when the agent is to stop,
 * the group gets SIGTERM, and SIGKILL ten seconds later. What a script leaves running when it ends by itself is left alone.
 */
export async function runScript(call: ScriptCall): Promise<ScriptResult> {
  rmSync(call.outputFile, { force: true });
  const output = openSync(call.outputFile, 'ax', PRIVATE);
  const follower = outputFollower(call.outputFile, call.onLine);
  try {
    return await finished(call, output);
  } finally {
    closeSync(output);
    follower.finish();
  }
}

function finished(call: ScriptCall, output: number): Promise<ScriptResult> {
  const inherited = call.lockDescriptor === undefined ? [] : [call.lockDescriptor];
  let child: ChildProcess;
  try {
    child = spawn(call.file, call.args, {
      cwd: '/',
      detached: true,
      env: call.environment,
      stdio: ['ignore', output, output, ...inherited],
    });
  } catch (error) {
    return Promise.resolve(notStarted(error));
  }
  return new Promise((resolve) => {
    let ended: 'timeout' | 'stopped' | undefined;
    let kill: NodeJS.Timeout | undefined;
    const end = (why: 'timeout' | 'stopped'): void => {
      if (ended !== undefined) return;
      ended = why;
      signalGroup(child, 'SIGTERM');
      kill = setTimeout(() => signalGroup(child, 'SIGKILL'), KILL_AFTER_MS);
    };
    const limit = setTimeout(() => end('timeout'), call.limitMs);
    const onStop = (): void => end('stopped');
    const settle = (result: ScriptResult): void => {
      clearTimeout(limit);
      clearTimeout(kill);
      call.stop.removeEventListener('abort', onStop);
      resolve(result);
    };
    if (call.stop.aborted) onStop();
    call.stop.addEventListener('abort', onStop);
    child.on('error', (error) => settle(notStarted(error)));
    child.on('exit', (code, signal) => {
      if (ended === 'stopped') settle({ kind: 'stopped' });
      else if (ended === 'timeout') settle({ kind: 'timeout', limitMs: call.limitMs });
      else if (signal !== null) settle({ kind: 'signal', signal });
      else settle({ kind: 'exit', code: code ?? 1 });
    });
  });
}

/** ENOEXEC is the usual one: a script without its #! line. */
const notStarted = (error: unknown): ScriptResult => ({
  kind: 'not_started',
  reason: error instanceof Error ? error.message : String(error),
});

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has ended in the meantime.
  }
}

/** For logs and messages. */
export function describeResult(result: ScriptResult): string {
  switch (result.kind) {
    case 'exit':
      return `exit code ${result.code}`;
    case 'signal':
      return `ended by ${result.signal}`;
    case 'timeout':
      return `ended after its limit of ${result.limitMs / 1_000} s`;
    case 'not_started':
      return `could not be started: ${result.reason}`;
    case 'stopped':
      return 'ended because the agent was asked to stop';
  }
}
