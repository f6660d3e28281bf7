/**
 * Which check can judge a host after a synchronisation: the cheapest that compares content. Where content is declared current there is
 * nothing to compare; a host without HTTP is only ever compared by a whole listing.
 */
import { offersHttp } from '../crawl/carriage.ts';
import type { CheckKind } from '../crawl/observation.ts';
import type { Carriage } from '../inventory/inventory.ts';

export const verificationCheck = (carriage: Carriage): CheckKind => {
  if (carriage.alwaysCurrent) return 'reach';
  return offersHttp(carriage) ? 'sample' : 'full';
};
