import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export interface TypedCommand {
  readonly key: string;
  run(): Promise<string>;
}

/** A process in the background that reads its terminal is stopped by the system; it can tell beforehand (proc(5): pgrp, tpgid). */
function isInBackground(): boolean {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return fields[2] !== fields[5];
  } catch {
    return false;
  }
}

/** Runs a command when its letter and Enter are typed, one at a time; other lines are ignored. Works with a pipe as well. */
export function typeCommands(
  input: NodeJS.ReadStream,
  commands: readonly TypedCommand[],
  say: (line: string) => void,
  signal: AbortSignal,
): void {
  if (commands.length === 0 || (input.isTTY && isInBackground())) return;
  const lines = createInterface({ input });
  let running: Promise<void> = Promise.resolve();
  lines.on('line', (line) => {
    const command = commands.find(({ key }) => key === line.trim().toLowerCase());
    if (command === undefined) return;
    running = running.then(async () => {
      try {
        say(await command.run());
      } catch (error) {
        say(`! ${error instanceof Error ? error.message : String(error)}`);
      }
    });
  });
  signal.addEventListener('abort', () => lines.close(), { once: true });
}
