import type { CategoryId } from '#domain/inventory/inventory.ts';
import type { Log } from '#ports/log.ts';
import type { ScanOutcome } from './scan-outcome.ts';

/** A category without rules has a problem per repository of its master. */
const MOST_NAMED = 20;

/** One line per category. What does not stop a scan, and still wants a person, makes it a warning. */
export const logScan = (log: Log, category: CategoryId, outcome: ScanOutcome): void => {
  switch (outcome.kind) {
    case 'published':
    case 'unchanged': {
      const { kind, problems, heldBack, ...rest } = outcome;
      const notes = { problems: problems.slice(0, MOST_NAMED), heldBack: heldBack.slice(0, MOST_NAMED) };
      const counts = { problemCount: problems.length, heldBackCount: heldBack.length };
      const fields = { category, outcome: kind, ...rest, ...counts, ...notes };
      if (heldBack.length > 0) log.warn('master scanned', fields);
      else log.info('master scanned', fields);
      break;
    }
    case 'lost':
      log.info('master scanned', { category, outcome: outcome.kind });
      break;
    default: {
      const { kind, ...rest } = outcome;
      log.warn('master not scanned', { category, outcome: kind, ...rest });
    }
  }
};

/** How each category's scan ended, in a word. */
export const scanKinds = (outcomes: Readonly<Record<CategoryId, ScanOutcome>>): Readonly<Record<CategoryId, string>> =>
  Object.fromEntries(Object.entries(outcomes).map(([category, { kind }]) => [category, kind]));
