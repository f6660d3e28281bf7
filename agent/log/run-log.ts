import type { LogFile } from './log-file.ts';

export type Level = 'debug' | 'info' | 'warning' | 'error';
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface RunLog {
  readonly debug: (message: string, fields?: LogFields) => void;
  readonly info: (message: string, fields?: LogFields) => void;
  readonly warning: (message: string, fields?: LogFields) => void;
  readonly error: (message: string, fields?: LogFields) => void;
}

export interface RunLogTargets {
  readonly file: LogFile | undefined;
  readonly fileLevel: Level;
  /** One line without its end. */
  readonly terminal: (line: string) => void;
  readonly terminalLevel: Level;
  /** Lines of JSON on the terminal; the file is always text. */
  readonly json: boolean;
  readonly nowMs: () => number;
}

const ORDER: Readonly<Record<Level, number>> = { debug: 0, info: 1, warning: 2, error: 3 };

/** One line to the log file and to the terminal, each from its own level on. */
export function runLog(targets: RunLogTargets): RunLog {
  const write = (level: Level, message: string, fields: LogFields = {}): void => {
    const nowMs = targets.nowMs();
    const at = new Date(nowMs).toISOString();
    const text = `${at} ${level.toUpperCase()} ${printable(message)}${printFields(fields)}`;
    if (ORDER[level] >= ORDER[targets.fileLevel]) targets.file?.append(text, nowMs);
    if (ORDER[level] >= ORDER[targets.terminalLevel])
      targets.terminal(targets.json ? JSON.stringify({ at, level, message, ...fields }) : text);
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warning: (message, fields) => write('warning', message, fields),
    error: (message, fields) => write('error', message, fields),
  };
}

/** Scripts and services write what they like; a terminal must not obey it. */
const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}]/gu, (character) =>
    character === '\t' ? '\t' : `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0')}`,
  );

const printFields = (fields: LogFields): string =>
  Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${printable(typeof value === 'string' ? JSON.stringify(value) : String(value))}`)
    .join('');
