import { ConfigProblem } from './config-problem.ts';

export interface NthWeekday {
  /** 1 to 5: the first to the fifth of its kind in the month. */
  readonly nth: number;
  /** 0 is Sunday. */
  readonly weekday: number;
}

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const DAYS_PER_WEEK = 7;

/** `3:Fri` or `1:Mon,3:Mon`: the updates may start on one of these days. English names whatever the locale, three letters or all. */
export function parseDateConstraint(text: string): readonly NthWeekday[] {
  return text.split(',').map((part) => {
    const [, nth, day = ''] = /^\s*([1-5]):([A-Za-z]{3,9})\s*$/.exec(part) ?? [];
    const weekday = DAYS.indexOf(day.slice(0, 3).toLowerCase());
    if (nth === undefined || weekday < 0)
      throw new ConfigProblem(`date constraint "${part.trim()}": must look like 3:Fri, the number from 1 to 5`);
    return { nth: Number(nth), weekday };
  });
}

/** Whether one of the days is the day with this number (1 to 31) in its month and this weekday. */
export function isAllowedDay(allowed: readonly NthWeekday[], dayOfMonth: number, weekday: number): boolean {
  const nth = Math.ceil(dayOfMonth / DAYS_PER_WEEK);
  return allowed.some((day) => day.nth === nth && day.weekday === weekday);
}
