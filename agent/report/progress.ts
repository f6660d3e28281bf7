import { byteText } from '#domain/byte-text.ts';

/** What is counted, where it is not bytes. */
export type ProgressUnit = 'files' | 'parts';

export interface ProgressView {
  readonly what: string;
  readonly bytes: number;
  /** Undefined when nobody has said. */
  readonly total: number | undefined;
  readonly bytesPerSecond: number;
  readonly unit?: ProgressUnit;
}

const MINUTE = 60;
const HOUR = 3_600;
const NARROWEST_BAR = 5;
const WIDEST_BAR = 40;

/** `7 s`, `3 min 20 s`, `2 h 5 min`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min ${whole % MINUTE} s`;
  return `${Math.floor(whole / HOUR)} h ${Math.floor((whole % HOUR) / MINUTE)} min`;
}

/** One plain line. */
export function progressLine(view: ProgressView): string {
  const text = (amount: number): string => (view.unit === undefined ? byteText(amount) : `${amount} ${view.unit}`);
  const rate = `${text(view.bytesPerSecond)}/s`;
  if (view.total === undefined || view.total === 0) return `${view.what} ${text(view.bytes)}, ${rate}`;
  return `${view.what} ${text(view.bytes)} of ${text(view.total)} (${percent(view)} %), ${rate}${remaining(view)}`;
}

const percent = (view: ProgressView): number => Math.floor((100 * view.bytes) / Math.max(1, view.total ?? 0));

function remaining(view: ProgressView): string {
  const left = (view.total ?? 0) - view.bytes;
  return view.bytesPerSecond > 0 && left > 0 ? `, ${durationText(left / view.bytesPerSecond)} left` : '';
}

/** The same line with a bar before it where there is room, exactly as wide as the terminal lets it be. */
export function progressBar(view: ProgressView, columns: number): string {
  const line = progressLine(view);
  const room = Math.min(WIDEST_BAR, columns - 1 - line.length - 3);
  const filled = Math.floor((room * Math.min(100, percent(view))) / 100);
  const bar =
    view.total === undefined || view.total === 0 || room < NARROWEST_BAR
      ? ''
      : `[${'#'.repeat(filled)}${'-'.repeat(room - filled)}] `;
  return `${bar}${line}`.slice(0, columns - 1).padEnd(columns - 1);
}
