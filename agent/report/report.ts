import { type ProgressUnit, type ProgressView, progressBar, progressLine } from './progress.ts';

export type ReportFields = Readonly<Record<string, string | number | undefined>>;

/** What a command says of itself while it runs. */
export interface Report {
  readonly note: (event: string, message: string, fields: ReportFields) => void;
  /** May be called for every piece; it is shown as often as is of use. */
  readonly progress: (what: string, bytes: number, total: number | undefined, unit?: ProgressUnit) => void;
  readonly hookOutput: (text: string) => void;
  /** Ends the line of a bar. */
  readonly end: () => void;
}

export interface ReportTargets {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Of a terminal at the error output; undefined when there is none. */
  readonly columns: number | undefined;
  readonly json: boolean;
  readonly nowMs: () => number;
}

const BAR_EVERY_MS = 200;
const LINE_EVERY_MS = 10_000;

/** A bar on a terminal, plain lines elsewhere, and events as JSON on the standard output when asked for. */
export function terminalReport(targets: ReportTargets): Report {
  let shown: { readonly what: string; startMs: number; startBytes: number; lastMs: number } | undefined;
  let barOpen = false;
  const end = (): void => {
    if (barOpen) targets.err('\n');
    barOpen = false;
  };
  const note = (event: string, message: string, fields: ReportFields): void => {
    end();
    if (targets.json) targets.out(`${JSON.stringify({ event, message, ...fields })}\n`);
    else targets.err(`${printable(message)}\n`);
  };
  const show = (view: ProgressView): void => {
    if (targets.json) targets.out(`${JSON.stringify({ event: 'progress', ...view })}\n`);
    else if (targets.columns === undefined) targets.err(`${progressLine(view)}\n`);
    else {
      targets.err(`\r${progressBar(view, targets.columns)}`);
      barOpen = true;
    }
  };
  const progress: Report['progress'] = (what, bytes, total, unit) => {
    const nowMs = targets.nowMs();
    if (shown?.what !== what || bytes < shown.startBytes) {
      shown = { what, startMs: nowMs, startBytes: bytes, lastMs: nowMs };
      return;
    }
    const everyMs = targets.columns === undefined ? LINE_EVERY_MS : BAR_EVERY_MS;
    const isLast = bytes === total && targets.columns !== undefined;
    if (nowMs - shown.lastMs < everyMs && !isLast) return;
    shown.lastMs = nowMs;
    const seconds = Math.max(0.001, (nowMs - shown.startMs) / 1_000);
    const bytesPerSecond = Math.round((bytes - shown.startBytes) / seconds);
    show({ what, bytes, total, bytesPerSecond, ...(unit !== undefined && { unit }) });
  };
  return { note, progress, hookOutput: (text) => targets.err(text), end };
}

/** Servers say what they like; a terminal must not obey it. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0')}`);
