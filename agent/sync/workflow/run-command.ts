import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { SyncOutcome } from '#domain/drain/drain-state.ts';
import { survivors } from '../../update/host/survivors.ts';

export interface CommandCall {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly lockFile: string;
  readonly lockDescriptor: number;
  /** In the environment of the command and of all that it starts, as MIRRORTIDE_STEP. */
  readonly step: string;
  /** Called with how to reach the command, and with undefined when it has ended. */
  readonly relay: (deliver: ((signal: NodeJS.Signals) => void) | undefined) => void;
}

export interface CommandEnd {
  /** As a shell says it: its own, 128 and the signal's number, 126 and 127 when it could not be started. */
  readonly exitCode: number;
  readonly outcome: SyncOutcome;
  readonly text: string;
}

export interface RunningCommand {
  readonly ended: Promise<CommandEnd>;
  /** SIGTERM to the command, and ten seconds later SIGKILL to whatever of it still lives. */
  readonly kill: () => void;
}

const KILL_AFTER_MS = 10_000;
const SIGNAL_BASE = 128;
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

/** Runs the command with our own input, output and errors, which it shares with us: nothing is read, changed or held back. */
export function startCommand(call: CommandCall): RunningCommand {
  const [program = '', ...args] = call.command;
  let child: ChildProcess;
  try {
    child = spawn(program, args, {
      env: { ...call.environment, MIRRORTIDE_STEP: call.step },
      stdio: ['inherit', 'inherit', 'inherit', call.lockDescriptor],
    });
  } catch (error) {
    return { ended: Promise.resolve(notStarted(error)), kill: () => {} };
  }
  call.relay((signal) => void child.kill(signal));
  let killing: NodeJS.Timeout | undefined;
  const ended = new Promise<CommandEnd>((resolve) => {
    const settle = (end: CommandEnd): void => {
      clearTimeout(killing);
      call.relay(undefined);
      resolve(end);
    };
    child.on('error', (error) => {
      if (child.pid === undefined) settle(notStarted(error));
    });
    child.on('exit', (code, signal) => settle(signal === null ? exited(code ?? 1) : signalled(signal)));
  });
  return {
    ended,
    kill: () => {
      if (killing !== undefined) return;
      child.kill('SIGTERM');
      killing = setTimeout(() => killAll(call, child), KILL_AFTER_MS);
    },
  };
}

function killAll({ lockFile, step }: CommandCall, child: ChildProcess): void {
  child.kill('SIGKILL');
  for (const pid of survivors(lockFile, step)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended in the meantime.
    }
  }
}

const exited = (code: number): CommandEnd => ({
  exitCode: code,
  outcome: code === 0 ? 'success' : 'failed',
  text: `exit code ${code}`,
});

const signalled = (signal: NodeJS.Signals): CommandEnd => ({
  exitCode: SIGNAL_BASE + constants.signals[signal],
  outcome: 'failed',
  text: `ended by ${signal}`,
});

/** The content was not touched. */
function notStarted(error: unknown): CommandEnd {
  const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
  const text = `could not be started: ${error instanceof Error ? error.message : String(error)}`;
  return { exitCode: isMissing ? NOT_FOUND : NOT_EXECUTABLE, outcome: 'aborted', text };
}
