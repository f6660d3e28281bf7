import * as fs from 'node:fs';
import { dirname } from 'node:path';

/** The system calls of a state file, each of which may be the last thing this process does. */
export type StateCalls = Pick<
  typeof fs,
  'openSync' | 'writeSync' | 'fsyncSync' | 'closeSync' | 'renameSync' | 'unlinkSync' | 'readFileSync' | 'mkdirSync'
>;

export interface DurableFile {
  readonly path: string;
  /** undefined when it is not there. */
  readonly read: () => string | undefined;
  /** On disk when it returns: a power loss after it finds this text, one during it finds this or the last. */
  readonly write: (text: string) => void;
  readonly remove: () => void;
}

/** It names fences and keys: nobody else needs to read it. */
const PRIVATE = 0o600;

/** A small text that is replaced as a whole: temporary file, fsync, rename, fsync of the folder. */
export function durableFile(path: string, calls: StateCalls = fs): DurableFile {
  const temporary = `${path}.tmp`;
  const folder = dirname(path);
  return {
    path,
    read: () => textOf(calls, path),
    write: (text) => {
      calls.mkdirSync(folder, { recursive: true });
      writeDurably(calls, temporary, text);
      calls.renameSync(temporary, path);
      syncFolder(calls, folder);
    },
    remove: () => {
      calls.unlinkSync(path);
      syncFolder(calls, folder);
    },
  };
}

function textOf(calls: StateCalls, path: string): string | undefined {
  try {
    return calls.readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function writeDurably(calls: StateCalls, path: string, text: string): void {
  const descriptor = calls.openSync(path, 'w', PRIVATE);
  try {
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length; ) written += calls.writeSync(descriptor, bytes, written);
    calls.fsyncSync(descriptor);
  } finally {
    calls.closeSync(descriptor);
  }
}

/** The rename itself is in the folder, and only a sync of the folder makes it last (ext4, XFS). */
function syncFolder(calls: StateCalls, folder: string): void {
  const descriptor = calls.openSync(folder, 'r');
  try {
    calls.fsyncSync(descriptor);
  } finally {
    calls.closeSync(descriptor);
  }
}
