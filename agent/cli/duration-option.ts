import { type OptionValues, textOption, UsageProblem } from './command.ts';

export const DAY_MS = 86_400_000;

const UNITS: Readonly<Record<string, number>> = { '': 1_000, ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: DAY_MS };

const mostText = (mostMs: number): string => (mostMs === DAY_MS ? 'a day' : `${mostMs / DAY_MS} days`);

/** `90`, `90s`, `10m`, `2h` or `1d`; a bare number is seconds. */
export function durationOption(options: OptionValues, name: string, mostMs: number): number | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const [, digits, unit = ''] = /^(\d{1,9})(ms|s|m|h|d)?$/.exec(text) ?? [];
  const ms = Number(digits) * (UNITS[unit] ?? Number.NaN);
  if (digits === undefined || Number.isNaN(ms) || ms > mostMs)
    throw new UsageProblem(`--${name} ${text}: must be a time up to ${mostText(mostMs)}, such as 90s, 10m or 2h`);
  return ms;
}
