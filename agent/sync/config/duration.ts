import { ConfigProblem } from '../../update/config/config-problem.ts';

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const MONTH_MS = 30 * 86_400_000;

/** `90s`, `30m`, `2h`, `1.5h`, `1d`; `0` is no time at all. Milliseconds; a month at most. Throws ConfigProblem. */
export function parseDuration(name: string, text: string): number {
  const [, count, unit] = /^(\d{1,6}(?:\.\d{1,3})?)([smhd])$/.exec(text) ?? [];
  if (text === '0') return 0;
  const ms = Number(count) * (UNITS_MS[unit ?? ''] ?? Number.NaN);
  if (Number.isNaN(ms) || ms > MONTH_MS)
    throw new ConfigProblem(`${name} = ${text}: must be a duration such as 90s, 30m or 2h, 30d at most`);
  return ms;
}

/** For people, to two units: `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function printElapsed(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
