/**
 * A check-in is what a host says of itself. Anybody can look at a public host, so its word is a hint: it makes us look at once, and
 * what we see is what counts. MirrorManager2 let reports and crawls both write, and public mirrors flapped between the two, until it
 * refused reports of public hosts altogether. A private host that no crawl reaches is believed, since nobody else can say anything of
 * it; its word is a fact with an age like any other.
 */

import { offersHttp, sitesById, switchState } from '../crawl/carriage.ts';
import type { CheckKind } from '../crawl/observation.ts';
import type { Carriage, Category, CategoryId, EpochMs, Host, Inventory } from '../inventory/inventory.ts';

/** What a host says it holds of one category. */
export type CheckInClaim =
  /** That it was brought up to date, and nothing more. */
  | { readonly kind: 'synced' }
  /** Everything that the named manifest lists. */
  | { readonly kind: 'manifest'; readonly digest: string }
  /** These head files: path relative to the category, sha256. Of others nothing is said. */
  | { readonly kind: 'heads'; readonly heads: ReadonlyMap<string, string> }
  /** These directories, relative to the category, as they are now; all others it lacks. */
  | { readonly kind: 'directories'; readonly paths: ReadonlySet<string> };

export interface Carried {
  readonly kind: 'carried';
  readonly carriage: Carriage;
  readonly category: Category;
  /** Only its own clients are sent there. */
  readonly private: boolean;
}

export type CheckInTarget =
  | Carried
  | { readonly kind: 'unknown_category' }
  | { readonly kind: 'not_carried' }
  /** Somebody switched host or site off, or its owner has not proved yet that it is theirs. */
  | { readonly kind: 'switched_off' };

/** Whether what a host says of a category is of any use. */
export const checkInTarget = (inventory: Inventory, host: Host, id: CategoryId): CheckInTarget => {
  const category = inventory.categories.find((known) => known.id === id);
  if (category === undefined) return { kind: 'unknown_category' };
  const carriage = host.carries.find((carried) => carried.category === id);
  if (carriage === undefined) return { kind: 'not_carried' };
  const site = sitesById(inventory).get(host.site);
  if (switchState(host, site) !== 'on') return { kind: 'switched_off' };
  return { kind: 'carried', carriage, category, private: host.private || site?.private === true };
};

/** A host that says more often than this that it changed is heard once; a client that repeats itself must not make us crawl without end. */
export const CHECK_IN_INTERVAL_MS = 30_000;

/** How long the host has to wait; undefined: it may go on. */
export const tooSoonMs = (lastMs: EpochMs | undefined, nowMs: EpochMs): number | undefined => {
  const waitMs = lastMs === undefined ? 0 : lastMs + CHECK_IN_INTERVAL_MS - nowMs;
  // A clock that was set back must not lock a host out.
  return waitMs > 0 && waitMs <= CHECK_IN_INTERVAL_MS ? waitMs : undefined;
};

/** The cheapest check that sees what the host is said to hold. */
export const hintedCheck = (carriage: Carriage): CheckKind => {
  if (carriage.alwaysCurrent) return 'reach';
  return offersHttp(carriage) ? 'heads' : 'full';
};
