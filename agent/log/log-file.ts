import { appendFileSync, mkdirSync, readdirSync, renameSync, rmSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

export interface LogFile {
  /** Never throws: a full disk must not end an update half way. */
  readonly append: (line: string, nowMs: number) => void;
}

export interface LogFileLimits {
  /** Days that a rotated file is kept; the file in use is not counted. */
  readonly retentionDays: number;
  /** A file that grows beyond this is rotated before its day is over. */
  readonly maxBytes: number;
}

const DAY_MS = 86_400_000;
const MODE = 0o640;
const MAX_PER_DAY = 1_000;

const dayOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 'yyyy-mm-dd'.length);

/** A log that begins anew each UTC day: `update.log` and, for the days before, `update.log.2026-01-31`, `….2026-01-31.1`, … */
export function logFile(path: string, limits: LogFileLimits, onProblem: (reason: string) => void): LogFile {
  let complained = false;
  const quietly = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      if (!complained) onProblem(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
      complained = true;
    }
  };
  let day: string | undefined;
  let bytes = 0;
  return {
    append: (line, nowMs) =>
      quietly(() => {
        if (day === undefined) {
          mkdirSync(dirname(path), { recursive: true });
          const found = statOf(path);
          day = found === undefined ? dayOf(nowMs) : dayOf(found.mtimeMs);
          bytes = found?.size ?? 0;
        }
        const today = dayOf(nowMs);
        if (today !== day || bytes > limits.maxBytes) {
          rotate(path, day, nowMs - limits.retentionDays * DAY_MS);
          day = today;
          bytes = 0;
        }
        const text = `${line}\n`;
        appendFileSync(path, text, { mode: MODE });
        bytes += Buffer.byteLength(text);
      }),
  };
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function rotate(path: string, day: string, oldestMs: number): void {
  if (statOf(path) !== undefined) renameSync(path, freeName(`${path}.${day}`));
  const prefix = `${basename(path)}.`;
  for (const name of readdirSync(dirname(path))) {
    const rotated = name.startsWith(prefix) ? /^(\d{4}-\d\d-\d\d)(\.\d+)?$/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (rotated !== undefined && rotated < dayOf(oldestMs)) rmSync(join(dirname(path), name), { force: true });
  }
}

function freeName(wanted: string): string {
  for (let number = 0; number < MAX_PER_DAY; number += 1) {
    const name = number === 0 ? wanted : `${wanted}.${number}`;
    if (statOf(name) === undefined) return name;
  }
  return wanted;
}
