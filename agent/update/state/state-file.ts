import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { parseState, printState } from './parse-state.ts';
import type { UpdateState } from './update-state.ts';

/** The system calls of the state file, each of which may be the last thing this process does. */
export type StateCalls = Pick<
  typeof fs,
  'openSync' | 'writeSync' | 'fsyncSync' | 'closeSync' | 'renameSync' | 'unlinkSync' | 'readFileSync' | 'mkdirSync'
>;

export interface StateFile {
  readonly path: string;
  /** undefined when no update is under way. Throws StateProblem for a file that is none of ours. */
  readonly read: () => UpdateState | undefined;
  /** On disk when it returns: a power loss after it finds this state, one during it finds this or the last. */
  readonly write: (state: UpdateState) => void;
  readonly remove: () => void;
}

/** It names the fence: nobody else needs to read it. */
const PRIVATE = 0o600;

export function stateFile(path: string, calls: StateCalls = fs): StateFile {
  const temporary = `${path}.tmp`;
  const folder = dirname(path);
  return {
    path,
    read: () => {
      const text = textOf(calls, path);
      return text === undefined ? undefined : parseState(text);
    },
    write: (state) => {
      calls.mkdirSync(folder, { recursive: true });
      writeDurably(calls, temporary, printState(state));
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
