import { durableFile, type StateCalls } from '../../files/durable-file.ts';
import { parseState, printState } from './parse-state.ts';
import type { UpdateState } from './update-state.ts';

export type { StateCalls } from '../../files/durable-file.ts';

export interface StateFile {
  readonly path: string;
  /** undefined when no update is under way. Throws StateProblem for a file that is none of ours. */
  readonly read: () => UpdateState | undefined;
  /** On disk when it returns: a power loss after it finds this state, one during it finds this or the last. */
  readonly write: (state: UpdateState) => void;
  readonly remove: () => void;
}

export function stateFile(path: string, calls?: StateCalls): StateFile {
  const file = durableFile(path, calls);
  return {
    path,
    read: () => {
      const text = file.read();
      return text === undefined ? undefined : parseState(text);
    },
    write: (state) => file.write(printState(state)),
    remove: file.remove,
  };
}
