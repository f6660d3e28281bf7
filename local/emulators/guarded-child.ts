import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Runs the real program beside a reader of an inherited pipe. The pipe's other end is held by this process alone, so it closes when this process
 * ends in whatever way, SIGKILL included, and the program is ended with it. stop() closes the same pipe.
 */
const GUARD = 'exec 3<&0; "$@" </dev/null 3<&- & child=$!; { cat <&3 >/dev/null; kill "$child" 2>/dev/null; } & wait "$child"';
/** How long a program may take to end in order before it is killed. */
const GRACE_MS = 5_000;
const KEPT_OUTPUT_CHARACTERS = 4_000;

export interface GuardedChild {
  /** Settles with a description once the program has ended, whoever ended it. */
  readonly ended: Promise<string>;
  /** The end of what it has printed so far. */
  output(): string;
  stop(): Promise<void>;
}

/**
 * Starts a program that ends with this process. `onCrash` is told when it ends without having been asked to.
 * Windows has no sh: there the program is started bare and may outlive a killed parent.
 */
export function guardedChild(command: string, args: readonly string[], onCrash: (error: Error) => void): GuardedChild {
  const guarded = process.platform !== 'win32';
  const [file, ...rest] = guarded ? ['/bin/sh', '-c', GUARD, 'guard', command, ...args] : [command, ...args];
  // Its own group: Ctrl-C reaches us first, and stop() then ends it in order.
  const child = spawn(file, rest, { stdio: ['pipe', 'pipe', 'pipe'], detached: guarded });
  const output = keepOutput(child);
  let stopping = false;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (cause) => resolve(`could not be started: ${cause.message}`));
    child.once('exit', (code, signal) =>
      resolve(`ended with ${signal ?? `status ${code}`}. Its last words: ${output() || '(none)'}`),
    );
  }).then((how) => {
    child.stdin?.destroy();
    if (!stopping) onCrash(new Error(`${command} ${how}`));
    return how;
  });
  // A program that is gone closes the pipe under us; `ended` already tells.
  child.stdin?.on('error', () => undefined);

  async function stop(): Promise<void> {
    stopping = true;
    if (guarded) child.stdin?.end();
    else child.kill();
    const timer = setTimeout(() => killGroup(child, guarded), GRACE_MS);
    await ended;
    clearTimeout(timer);
  }

  return { ended, output, stop };
}

function killGroup(child: ChildProcess, guarded: boolean): void {
  if (child.pid === undefined) return;
  try {
    process.kill(guarded ? -child.pid : child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function keepOutput(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-KEPT_OUTPUT_CHARACTERS);
    });
  }
  return () => text.trim();
}
