import { appendFile } from 'node:fs/promises';

/** One structured log line of a function. */
export interface JournalLine {
  readonly stage: string;
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface FunctionJournal {
  write(stage: string, line: string): void;
  /** Returns what ends the listening. */
  onLine(listener: (line: JournalLine) => void): () => void;
  /** Resolves when everything written so far is in the file. */
  flush(): Promise<void>;
}

function parse(stage: string, line: string): JournalLine | undefined {
  try {
    const { level, message, ...fields } = JSON.parse(line) as Record<string, unknown>;
    if (typeof level !== 'string' || typeof message !== 'string') return undefined;
    return { stage, level, message, fields };
  } catch {
    return undefined;
  }
}

/** Keeps what the functions print, as CloudWatch would: every line goes to one file; structured ones are told to listeners. */
export function functionJournal(file: string): FunctionJournal {
  const listeners = new Set<(line: JournalLine) => void>();
  let waiting = '';
  let writing: Promise<void> = Promise.resolve();

  async function writeOut(): Promise<void> {
    const text = waiting;
    waiting = '';
    // The folder goes when a temporary system stops; nobody reads the last lines then.
    if (text !== '') await appendFile(file, text).catch(() => undefined);
  }

  return {
    write(stage, line) {
      waiting += `${stage} ${line}\n`;
      writing = writing.then(writeOut);
      const parsed = parse(stage, line);
      if (parsed !== undefined) for (const listener of listeners) listener(parsed);
    },
    onLine(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    flush: () => writing,
  };
}
