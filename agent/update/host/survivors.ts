import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * Processes that a script started and that still live: those that have its lock file open, or its step in their environment. The
 * second finds descendants that closed what they inherited, as Python's subprocess does. Empty where there is no /proc.
 */
export function survivors(lockFile: string, step: string): readonly number[] {
  const marker = `MIRRORTIDE_STEP=${step}`;
  return processIds().filter((pid) => pid !== process.pid && (hasOpen(pid, lockFile) || environment(pid).includes(marker)));
}

function processIds(): readonly number[] {
  return (quietly(() => readdirSync('/proc')) ?? []).filter((name) => /^\d+$/.test(name)).map(Number);
}

const environment = (pid: number): readonly string[] =>
  isZombie(pid) ? [] : (quietly(() => readFileSync(`/proc/${pid}/environ`, 'utf8')) ?? '').split('\0');

/** A process that has ended and that nobody waited for has no open files, but some kernels still show its environment. */
const isZombie = (pid: number): boolean =>
  / Z /.test((quietly(() => readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? '').replace(/^.*\)/s, ''));

function hasOpen(pid: number, file: string): boolean {
  const folder = `/proc/${pid}/fd`;
  const descriptors = quietly(() => readdirSync(folder)) ?? [];
  return descriptors.some((name) => quietly(() => readlinkSync(`${folder}/${name}`)) === file);
}

/** Processes end while we look at them, and other users' are closed to us. */
function quietly<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
