/**
 * The date format of HTTP and metalinks (RFC 9110 5.6.7, `Sat, 21 Nov 2026 01:55:42 GMT`), computed here because the domain has no
 * calendar of the runtime's: days to a civil date by Howard Hinnant's algorithm.
 */
import type { EpochMs } from '../inventory/inventory.ts';

const WEEKDAYS = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAY_S = 86_400;
/** Days from 0000-03-01 to 1970-01-01; years start in March so that the leap day is the last. */
const EPOCH_SHIFT_DAYS = 719_468;
const DAYS_PER_ERA = 146_097;

const two = (value: number): string => String(value).padStart(2, '0');

const civil = (days: number): { readonly year: number; readonly month: number; readonly day: number } => {
  const shifted = days + EPOCH_SHIFT_DAYS;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 2 : marchMonth - 10;
  return {
    year: yearOfEra + era * 400 + (month < 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  };
};

/** Whole seconds; years 1970 to 9999. */
export const httpDate = (atMs: EpochMs): string => {
  const seconds = Math.floor(atMs / 1000);
  const days = Math.floor(seconds / DAY_S);
  const ofDay = seconds - days * DAY_S;
  const { year, month, day } = civil(days);
  const time = [Math.floor(ofDay / 3600), Math.floor(ofDay / 60) % 60, ofDay % 60].map(two).join(':');
  return `${WEEKDAYS[days % 7]}, ${two(day)} ${MONTHS[month]} ${String(year).padStart(4, '0')} ${time} GMT`;
};
