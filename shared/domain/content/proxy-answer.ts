/**
 * What clients and caches are told of a proxy volume. A copy that never changes is kept by caches for a year; any other one for as long
 * as it is fresh here, a minute at most, and served on by caches when nobody answers behind them. Whether a copy was had, asked about,
 * fetched or is stale stands in a header of its own. Errors are not kept: the next client may have more luck, in a few seconds.
 */
import { encodePath } from '../answer/url-path.ts';
import type { EpochMs } from '../inventory/inventory.ts';
import type { AnsweredBytes } from './answer-bytes.ts';
import type { ProxyVolume } from './content-rules.ts';
import type { KeptFile, Trouble } from './proxy-copy.ts';

/** How an answer came about. */
export type ProxySource = 'hit' | 'checked' | 'miss' | 'stale';

export const SOURCE_HEADER = 'x-mirrortide-proxy';
const PROXY_OBJECT_PREFIX = '/_o/proxy/';
export const NOT_KEPT = 'no-store';
/** Until something that is not there is looked for again, and until somebody who fetches it may be done. */
export const ABSENT_CACHING = 'public, max-age=5';
export const BUSY_RETRY_S = '2';

const IMMUTABLE = 'public, max-age=31536000, immutable';
/** The bytes that it leads to are there for a fortnight more, whenever it is given. */
const IMMUTABLE_REDIRECT = 'public, max-age=86400';
const STALE = 'public, max-age=5, stale-if-error=86400';
const LONGEST_FRESH_S = 60;

export interface Served {
  readonly checkedMs: EpochMs;
  readonly source: ProxySource;
  readonly isImmutable: boolean;
}

const changing = ({ freshMs }: Pick<ProxyVolume, 'freshMs'>, { checkedMs, source }: Served, nowMs: EpochMs): string => {
  if (source === 'stale') return STALE;
  const leftS = Math.floor((checkedMs + freshMs - nowMs) / 1000);
  return `public, max-age=${Math.max(0, Math.min(leftS, LONGEST_FRESH_S))}, stale-if-error=86400`;
};

/** The bytes of a copy as they are answered; `name` is what a program would call the file. */
export const servedBytes = (
  volume: Pick<ProxyVolume, 'freshMs'>,
  bytes: Pick<KeptFile, 'sha256' | 'sizeBytes' | 'contentType' | 'lastModified'>,
  name: string,
  served: Served,
  nowMs: EpochMs,
): AnsweredBytes => ({
  ...bytes,
  caching: served.isImmutable ? IMMUTABLE : changing(volume, served, nowMs),
  location: `${PROXY_OBJECT_PREFIX}${bytes.sha256}/${encodePath(name)}`,
  redirectCaching: served.isImmutable ? IMMUTABLE_REDIRECT : changing(volume, served, nowMs),
});

/** What upstream has may be a page, and pages of others get no rights on this host but to link to files. */
export const FOREIGN_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "sandbox allow-downloads; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'",
};

/** 504 for who did not answer in time, 502 for who answered with nonsense or not at all (RFC 9110, 15.6). */
export const troubleStatus = ({ kind }: Pick<Trouble, 'kind'>): 502 | 504 => (kind === 'timeout' ? 504 : 502);

export const troubleRetryS = ({ untilMs }: Pick<Trouble, 'untilMs'>, nowMs: EpochMs): string =>
  String(Math.max(1, Math.ceil((untilMs - nowMs) / 1000)));
