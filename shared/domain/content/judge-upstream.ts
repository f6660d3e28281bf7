/**
 * What an answer of upstream means for what is kept of a URL. Not found and refused are answers, and so is a file above the limit;
 * time-outs, errors of the server and requests to slow down say nothing of the file. Of one that it gave before, a refusal says that
 * upstream does not want us, as servers answer whoever asks too much, and not that the file is gone. Bytes count only when all of them came. What ends
 * with the connection, and a page in the place of a package, as servers send that fail without saying so, are believed for as long as
 * what changes and no longer. Bytes are kept as they were sent, so a coding that nobody asked for must be the server's name for a file
 * that is compressed anyway (`Packages.gz`), or nothing is known of what came.
 */
import { refuses } from '../crawl/judge.ts';
import { mediaType } from './media-type.ts';
import type { KeptFile, Known, Trouble } from './proxy-copy.ts';

/** The part of an HTTP outcome that judging needs. */
export type UpstreamSeen =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** Lower-case names. */
      readonly headers: Readonly<Record<string, string>>;
      /** After redirects. */
      readonly url: string;
    }
  | { readonly kind: 'failed'; readonly failure: string; readonly reason: string };

export interface Asked {
  readonly url: string;
  /** What upstream was asked about: whether it is still this one. */
  readonly known: KeptFile | undefined;
}

export type UpstreamVerdict =
  /** The bytes that came are the file. */
  | ({ readonly kind: 'bytes' } & Pick<KeptFile, 'contentType' | 'etag' | 'lastModified' | 'isSure' | 'url'>)
  /** It is still the one that was asked about. */
  | { readonly kind: 'same'; readonly known: KeptFile }
  | { readonly kind: 'other'; readonly known: Known }
  | ({ readonly kind: 'trouble' } & { readonly trouble: Omit<Trouble, 'untilMs'> });

/** A file of which so much came before the time was up cannot be had in time: upstream itself has more of it. */
export const LEFT_TO_UPSTREAM_BYTES = 33_554_432;

/** The file is gone, or may not be had by anybody. */
const GONE: ReadonlySet<number> = new Set([404, 410, 451]);
const COMPRESSED = /\.(?:gz|tgz|svgz|bz2|xz|zst|lzma|br)$/;
const MEDIA_TYPE = /^[a-z0-9.+-]{1,60}\/[a-z0-9.+-]{1,80}(?: ?; ?charset=[a-z0-9-]{1,20})?$/i;
const PAGE = /^text\/html\b/i;
const TAG = /^(?:W\/)?"[\x21\x23-\x7e]{0,200}"$/;
const DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

const fitting = (text: string | undefined, pattern: RegExp): string | undefined =>
  text !== undefined && pattern.test(text) ? text : undefined;

const trouble = (reason: string, kind: Trouble['kind'] = 'failure'): UpstreamVerdict => ({
  kind: 'trouble',
  trouble: { kind, reason },
});

const judgeFailure = (failure: string, reason: string, receivedBytes: number): UpstreamVerdict => {
  const tooSlow = failure === 'timeout' && receivedBytes >= LEFT_TO_UPSTREAM_BYTES;
  if (failure === 'too-large' || tooSlow) return { kind: 'other', known: { kind: 'large' } };
  return trouble(`${failure}: ${reason}`, failure === 'timeout' ? 'timeout' : 'failure');
};

const judgeBytes = (
  asked: string,
  { headers, url }: UpstreamSeen & { kind: 'answered' },
  receivedBytes: number,
): UpstreamVerdict => {
  const announced = headers['content-length'];
  if (announced !== undefined && Number(announced) !== receivedBytes)
    return trouble(`${receivedBytes} bytes came, and ${announced} were announced`);
  // A page there has links relative to a URL that clients do not have.
  if (url === `${asked}/`) return { kind: 'other', known: { kind: 'directory' } };
  const coding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (coding !== 'identity' && !COMPRESSED.test(asked)) return trouble(`it is coded as ${coding}, which nobody asked for`);
  const contentType = fitting(headers['content-type']?.trim(), MEDIA_TYPE) ?? mediaType(asked);
  const isBounded = announced !== undefined || headers['transfer-encoding']?.trim().toLowerCase() === 'chunked';
  return {
    kind: 'bytes',
    contentType,
    etag: fitting(headers['etag']?.trim(), TAG),
    isSure: isBounded && (!PAGE.test(contentType) || PAGE.test(mediaType(asked))),
    lastModified: fitting(headers['last-modified']?.trim(), DATE),
    url,
  };
};

export const judgeUpstream = ({ url, known }: Asked, seen: UpstreamSeen, receivedBytes: number): UpstreamVerdict => {
  if (seen.kind === 'failed') return judgeFailure(seen.failure, seen.reason, receivedBytes);
  if (seen.status === 200) return judgeBytes(url, seen, receivedBytes);
  if (seen.status === 304 && known !== undefined) return { kind: 'same', known };
  const isAbsent = known === undefined ? refuses(seen.status) : GONE.has(seen.status);
  if (isAbsent) return { kind: 'other', known: { kind: 'absent' } };
  return trouble(`HTTP ${seen.status}`);
};
