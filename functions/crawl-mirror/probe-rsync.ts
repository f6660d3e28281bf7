import { urlsOf } from '#domain/crawl/carriage.ts';
import { compareListing, type ListingComparison } from '#domain/crawl/compare-listing.ts';
import type { CrawlSubject } from '#domain/crawl/observe.ts';
import { obeyedWaitMs } from '#domain/crawl/pace.ts';
import type { ProbeOutcome } from '#domain/freshness/health.ts';
import type { EpochMs } from '#domain/inventory/inventory.ts';
import type { FileLister, Listing } from '#ports/file-lister.ts';

/** Everything below the first level is left out by the peer: a listing of some ten lines. */
const SHALLOW = ['/*/*'];
/** A daemon that has too many connections, or asks us to come back, says no time. */
const BUSY_WAIT_MS = 10 * 60_000;

export interface RsyncListing {
  readonly outcome: ProbeOutcome;
  readonly comparison: ListingComparison;
  readonly complete: boolean;
  /** A listing came, whole or in part. */
  readonly listed: boolean;
  readonly notBeforeMs: EpochMs | undefined;
}

const isBusy = (listing: Listing): boolean => listing.kind === 'refused' && listing.temporary;

const describe = (listing: Listing): string =>
  listing.kind === 'complete' || listing.kind === 'stopped' ? `listing ${listing.kind}` : listing.reason;

/** A module that lists nothing of the category is no mirror of it, whatever the daemon's exit says. */
const verdict = (listing: Listing, matched: number): ProbeOutcome['kind'] => {
  if (isBusy(listing) || listing.kind === 'stopped') return 'unknown';
  return (listing.kind === 'complete' || listing.kind === 'partial') && matched > 0 ? 'ok' : 'failed';
};

const evidenceText = (listing: Listing, matched: number): string => {
  if (listing.kind === 'complete' && matched === 0) return 'the listing shows nothing of the category';
  return describe(listing)
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 200);
};

const listUrl = async (
  lister: FileLister,
  subject: CrawlSubject,
  url: string,
  excludes: readonly string[],
  atMs: EpochMs,
  totalMs: number,
): Promise<RsyncListing> => {
  const comparison = compareListing(subject.manifest, subject.coverage);
  const listing = await lister.list(`${url}/`, comparison.add, { excludes, limits: { totalMs } });
  const matched = comparison.matched();
  return {
    outcome: {
      protocol: 'rsync',
      kind: verdict(listing, matched),
      evidence: { atMs, url, text: evidenceText(listing, matched) },
    },
    comparison,
    complete: listing.kind === 'complete' && matched > 0,
    listed: listing.kind === 'complete' || listing.kind === 'partial' || listing.kind === 'broken',
    notBeforeMs: isBusy(listing) ? atMs + obeyedWaitMs(BUSY_WAIT_MS) : undefined,
  };
};

/** The first URL that works speaks for the protocol. `undefined`: the host does not offer rsync. */
export const listRsync = async (
  lister: FileLister,
  subject: CrawlSubject,
  depth: 'shallow' | 'whole',
  atMs: EpochMs,
  totalMs: number,
): Promise<RsyncListing | undefined> => {
  let last: RsyncListing | undefined;
  for (const url of urlsOf(subject.carriage, 'rsync')) {
    last = await listUrl(lister, subject, url, depth === 'shallow' ? SHALLOW : [], atMs, totalMs);
    if (last.outcome.kind === 'ok') return last;
  }
  return last;
};
