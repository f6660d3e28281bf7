/**
 * What is kept of one URL of upstream, and what to do with it now. What never changes is served for as long as it is here. Everything
 * else is fresh for a while, then upstream is asked whether it changed; when upstream does not answer it is served on for days, since
 * an old index is better than none. That something is not there is believed for seconds, because it may be published any moment; that
 * upstream fails is, too, so that a thousand clients do not wait for the same time-out one after another.
 */
import type { EpochMs } from '../inventory/inventory.ts';
import type { Sha256 } from '../volume/tree.ts';
import type { ProxyVolume } from './content-rules.ts';

export interface KeptFile {
  readonly kind: 'file';
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  readonly contentType: string;
  /** As upstream wrote them, to ask whether it changed. */
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  /** Whether it may be believed never to change: not what may be a part of it, or an error that calls itself a success. */
  readonly isSure: boolean;
  /** When the bytes were put where they are; they are removed some time after that. */
  readonly storedMs: EpochMs;
  /** After redirects: links of a page are relative to this. */
  readonly url: string;
}

export type Known =
  | KeptFile
  /** Upstream has no such file, or does not show it to us. */
  | { readonly kind: 'absent' }
  /** It is not kept here: clients are sent to upstream. */
  | { readonly kind: 'large' }
  /** It is at the same URL with a slash behind it. */
  | { readonly kind: 'directory' };

export interface Trouble {
  readonly kind: 'timeout' | 'failure';
  /** For the log; peers' text. */
  readonly reason: string;
  /** Until then upstream is left alone. */
  readonly untilMs: EpochMs;
}

export interface KeptCopy {
  readonly known: Known | undefined;
  /** When upstream said last that it is so. */
  readonly checkedMs: EpochMs;
  /** Since then upstream failed. */
  readonly trouble: Trouble | undefined;
}

/** Bytes are removed thirty days after they were put; the last day is for clients that are on their way to them. */
export const BYTES_KEPT_MS = 29 * 86_400_000;
/** Bytes that are still asked for are put again when they are this old. */
const RENEW_AFTER_MS = 14 * 86_400_000;
const ABSENT_MS = 10_000;
const LARGE_MS = 3_600_000;
const TROUBLE_MS = 10_000;
const LONGEST_TROUBLE_MS = 300_000;

export type ProxyDecision =
  | { readonly kind: 'serve'; readonly known: Known; readonly checkedMs: EpochMs; readonly isStale: boolean }
  | {
      readonly kind: 'ask';
      /** What upstream is asked about: whether it is still this one. */
      readonly known: KeptFile | undefined;
      /** What to serve when upstream fails, or while somebody else asks. */
      readonly stale: (ProxyDecision & { readonly kind: 'serve' }) | undefined;
    }
  | { readonly kind: 'fail'; readonly trouble: Trouble };

type Times = Pick<ProxyVolume, 'freshMs' | 'staleMs'>;

const isHere = (known: Known, nowMs: EpochMs): boolean => known.kind !== 'file' || nowMs - known.storedMs < BYTES_KEPT_MS;

const freshMs = (known: Known, times: Times, isImmutable: boolean): number => {
  switch (known.kind) {
    case 'file':
      return isImmutable && known.isSure ? Number.POSITIVE_INFINITY : times.freshMs;
    case 'absent':
      return ABSENT_MS;
    case 'large':
      return Math.max(times.freshMs, LARGE_MS);
    case 'directory':
      return times.freshMs;
  }
};

export const decideProxy = (copy: KeptCopy | undefined, times: Times, isImmutable: boolean, nowMs: EpochMs): ProxyDecision => {
  const known = copy?.known !== undefined && isHere(copy.known, nowMs) ? copy.known : undefined;
  const ageMs = nowMs - (copy?.checkedMs ?? 0);
  if (copy !== undefined && known !== undefined && ageMs < freshMs(known, times, isImmutable))
    return { kind: 'serve', known, checkedMs: copy.checkedMs, isStale: false };
  const file = known?.kind === 'file' ? known : undefined;
  const stale: (ProxyDecision & { kind: 'serve' }) | undefined =
    copy === undefined || file === undefined || ageMs >= times.freshMs + times.staleMs
      ? undefined
      : { kind: 'serve', known: file, checkedMs: copy.checkedMs, isStale: true };
  const trouble = copy?.trouble;
  if (trouble === undefined || trouble.untilMs <= nowMs) return { kind: 'ask', known: file, stale };
  return stale ?? { kind: 'fail', trouble };
};

/** How long upstream is left alone after it failed; `askedMs` is what it asked for itself. */
export const troubleUntil = (nowMs: EpochMs, askedMs = 0): EpochMs =>
  nowMs + Math.min(LONGEST_TROUBLE_MS, Math.max(TROUBLE_MS, askedMs));

/** Whether bytes that are served now should be put again, lest they go while clients ask for them. */
export const needsRenewal = ({ storedMs }: KeptFile, nowMs: EpochMs): boolean => nowMs - storedMs >= RENEW_AFTER_MS;
