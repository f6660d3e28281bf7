import type { NetworkChange, NetworkChanges } from './network-changes.ts';
import type { ValueChange } from './value-changes.ts';

const LONGEST_VALUE = 100;
const MARKS = { add: '+', change: '~', remove: '-' } as const;

const isScalar = (value: unknown): boolean => typeof value !== 'object' || value === null;

const printValue = (value: unknown): string => {
  if (value === undefined) return '(default)';
  const text = JSON.stringify(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 1)}…` : text;
};

/** Of a list only what came and what went. */
const printListChange = (before: readonly unknown[], after: readonly unknown[]): string | undefined => {
  const came = after.filter((one) => !before.includes(one)).map((one) => `+${printValue(one)}`);
  const went = before.filter((one) => !after.includes(one)).map((one) => `-${printValue(one)}`);
  const words = [...went, ...came].join(' ');
  return words === '' || words.length > 2 * LONGEST_VALUE ? undefined : words;
};

const printKey = ({ path, before, after }: ValueChange): string => {
  const [from, to] = [before ?? [], after ?? []];
  const areLists = Array.isArray(from) && Array.isArray(to) && [...from, ...to].every(isScalar);
  const short = areLists && from.length + to.length > 0 ? printListChange(from, to) : undefined;
  return `    ${path === '' ? '' : `${path}: `}${short ?? `${printValue(before)} -> ${printValue(after)}`}\n`;
};

const printChange = ({ operation, part, keys }: NetworkChange): string =>
  `${MARKS[operation]} ${part.name}\n${keys.map(printKey).join('')}`;

const KEPT_SHOWN = 20;

const printKept = (kept: readonly string[]): string => {
  if (kept.length === 0) return '';
  const more = kept.length > KEPT_SHOWN ? ` and ${kept.length - KEPT_SHOWN} more` : '';
  return `not in the file, and kept without --prune: ${kept.slice(0, KEPT_SHOWN).join(', ')}${more}\n`;
};

/** For people; what `--dry-run` shows, and what is shown before anything is changed. */
export const printChanges = ({ changes, kept }: NetworkChanges): string =>
  `${changes.map(printChange).join('')}${printKept(kept)}`;
