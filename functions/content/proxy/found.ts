import type { ProxyVolume } from '#domain/content/content-rules.ts';
import type { ProxySource } from '#domain/content/proxy-answer.ts';
import type { KeptFile, Known, ProxyDecision, Trouble } from '#domain/content/proxy-copy.ts';
import type { ProxyPage } from '#domain/content/proxy-place.ts';
import type { CrawlPolicy, EpochMs } from '#domain/inventory/inventory.ts';
import type { Sha256 } from '#domain/volume/tree.ts';

/** A URL of upstream that somebody needs. */
export interface Wanted extends ProxyPage {
  readonly volume: ProxyVolume;
  readonly crawl: CrawlPolicy;
  readonly maximumBytes: number;
  /** Of the request to upstream. */
  readonly accept?: string;
  /** Throws WireError for bytes that must not take the place of what is kept; they are in memory. */
  readonly check?: (bytes: Uint8Array, contentType: string) => void;
  /** Bytes that should be here and are not. */
  readonly gone?: Sha256;
}

interface FoundKnown<What extends Known> {
  readonly kind: 'known';
  readonly known: What;
  readonly checkedMs: EpochMs;
  readonly source: ProxySource;
  /** When they had to be in memory anyway. */
  readonly bytes?: Uint8Array | undefined;
}

export type FoundFile = FoundKnown<KeptFile>;

export type Found =
  | FoundKnown<Known>
  | { readonly kind: 'trouble'; readonly trouble: Trouble }
  /** Somebody fetches it, and is not done. */
  | { readonly kind: 'busy' };

export const foundAt = ({ known, checkedMs, isStale }: ProxyDecision & { readonly kind: 'serve' }): Found => ({
  kind: 'known',
  known,
  checkedMs,
  source: isStale ? 'stale' : 'hit',
});
