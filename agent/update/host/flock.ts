import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** A lock on a file that the kernel drops when the last process that has this open file ends, however it ends. */
export interface Flock {
  /** For scripts to inherit: while one of them lives, the file stays locked. */
  readonly descriptor: number;
  readonly release: () => void;
}

/** Who wrote itself into a lock file; only for messages, the kernel alone says who holds it. */
export interface LockOwner {
  readonly pid: number;
  readonly bootId: string;
  readonly since: string;
}

const BUSY = 1;
const INHERITED = 3;
const PRIVATE = 0o600;

/**
 * Locks the file, or undefined when somebody else has. Node has no flock(2); util-linux's and BusyBox's `flock` lock a
 * descriptor that they inherit, and the lock belongs to the open file, which is ours too: it stays when they have ended. The
 * file is never unlinked, so that nobody can lock a new one beside it. A dead process holds nothing: there is no stale lock.
 */
export function tryFlock(file: string): Flock | undefined {
  mkdirSync(dirname(file), { recursive: true });
  const descriptor = openSync(file, 'a+', PRIVATE);
  try {
    if (!lockDescriptor(descriptor)) {
      closeSync(descriptor);
      return undefined;
    }
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  return { descriptor, release: () => closeSync(descriptor) };
}

/** A lock file of its own for one script: what an earlier script left running keeps the earlier file, and blocks nobody. */
export function freshFlock(file: string): Flock {
  rmSync(file, { force: true });
  const lock = tryFlock(file);
  if (lock === undefined) throw new Error(`${file} was locked as soon as it was made`);
  return lock;
}

export function isFlocked(file: string): boolean {
  const lock = tryFlock(file);
  lock?.release();
  return lock === undefined;
}

function lockDescriptor(descriptor: number): boolean {
  const ran = spawnSync('flock', ['-x', '-n', String(INHERITED)], {
    stdio: ['ignore', 'ignore', 'pipe', descriptor],
    timeout: 10_000,
  });
  if (ran.error !== undefined)
    throw new Error('the program flock (of util-linux or BusyBox) could not be run', { cause: ran.error });
  if (ran.status !== 0 && ran.status !== BUSY) throw new Error(`flock failed: ${ran.stderr.toString().trim()}`);
  return ran.status === 0;
}

export function writeOwner(lock: Flock, owner: LockOwner): void {
  ftruncateSync(lock.descriptor, 0);
  writeSync(lock.descriptor, `${JSON.stringify(owner)}\n`);
}

/** For messages; the lock file of an updater before us has a bare process id. */
export function describeOwner(file: string): string {
  try {
    const text = readFileSync(file, 'utf8').trim().slice(0, 300);
    const fields: unknown = JSON.parse(text);
    if (typeof fields === 'number') return `process ${fields}`;
    const { pid, since } = fields as Partial<LockOwner>;
    return `process ${pid} since ${since}`;
  } catch {
    return 'another process';
  }
}
