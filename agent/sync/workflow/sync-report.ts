import type { Terminal } from '../../cli/command.ts';
import type { LogFields, RunLog } from '../../log/run-log.ts';

/**
 * What `sync` says, all of it on stderr: stdout is the command's. For people lines of text, and while waiting one line that is
 * written over; with `--json` one object per line.
 */
export interface SyncReport {
  readonly say: (event: string, text: string, fields?: LogFields) => void;
  readonly warn: (event: string, text: string, fields?: LogFields) => void;
  /** Until the next word. `key` tells whether there is news; `text` is asked again each second on a screen. */
  readonly waiting: (key: string, text: () => string, fields: LogFields) => void;
  /** Takes the live line away. */
  readonly clear: () => void;
}

export interface SyncReportOptions {
  readonly terminal: Pick<Terminal, 'err' | 'errColumns'>;
  readonly log: RunLog;
  readonly json: boolean;
  /** Only warnings. */
  readonly quiet: boolean;
  readonly nowMs: () => number;
}

const CLEAR_LINE = '\r\u001b[2K';
const TICK_MS = 1_000;
/** A cron mail should not have a line per question, and a person who looks should see that something goes on. */
const REPEAT_MS = 300_000;
const NARROWEST = 20;

export function syncReport({ terminal, log, json, quiet, nowMs }: SyncReportOptions): SyncReport {
  const { errColumns } = terminal;
  let ticker: NodeJS.Timeout | undefined;
  let last = { key: '', atMs: Number.NEGATIVE_INFINITY };
  const clear = (): void => {
    if (ticker !== undefined) terminal.err(CLEAR_LINE);
    clearInterval(ticker);
    ticker = undefined;
  };
  const write = (level: 'info' | 'warning', event: string, text: string, fields: LogFields): void => {
    clear();
    if (quiet && level === 'info') return;
    if (json)
      terminal.err(`${JSON.stringify({ at: new Date(nowMs()).toISOString(), event, level, message: text, ...fields })}\n`);
    else terminal.err(`mirrortide: ${text}\n`);
  };
  const say = (level: 'info' | 'warning', event: string, text: string, fields: LogFields = {}): void => {
    log[level](text, { event, ...fields });
    last = { key: '', atMs: Number.NEGATIVE_INFINITY };
    write(level, event, text, fields);
  };
  const live = (text: () => string, columns: number): void => {
    clear();
    const draw = (): void => terminal.err(`${CLEAR_LINE}${text().slice(0, Math.max(NARROWEST, columns - 1))}`);
    ticker = setInterval(draw, TICK_MS);
    ticker.unref();
    draw();
  };
  return {
    say: (event, text, fields) => say('info', event, text, fields),
    warn: (event, text, fields) => say('warning', event, text, fields),
    waiting: (key, text, fields) => {
      const isNews = key !== last.key || nowMs() - last.atMs >= REPEAT_MS;
      if (isNews) {
        last = { key, atMs: nowMs() };
        log.info(text(), { event: 'waiting', ...fields });
      }
      if (!json && !quiet && errColumns !== undefined) live(text, errColumns);
      else if (isNews) write('info', 'waiting', text(), fields);
    },
    clear,
  };
}
