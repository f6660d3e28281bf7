import { needsRenewal } from '#domain/content/proxy-copy.ts';
import { Fault } from '#domain/errors.ts';
import type { ProxyQuestion } from '../content.ts';
import type { ContentReply } from '../content-reply.ts';
import { movedTo } from '../replies.ts';
import { findCopy } from './find-copy.ts';
import type { Found, FoundFile, Wanted } from './found.ts';
import type { ProxyDeps, ProxyMetric } from './proxy-deps.ts';
import { ABSENT, BUSY, sentTo, troubleReply } from './proxy-replies.ts';

/** Undefined when the bytes are not there. */
export type Serve = (file: FoundFile) => Promise<ContentReply | undefined>;

const isFile = (found: Found): found is FoundFile => found.kind === 'known' && found.known.kind === 'file';

const metricOf = (found: Found): ProxyMetric => {
  if (found.kind !== 'known') return 'ProxyFailures';
  switch (found.source) {
    case 'stale':
      return 'ProxyStale';
    case 'miss':
      return 'ProxyMisses';
    case 'hit':
    case 'checked':
      return 'ProxyHits';
  }
};

/** Bytes that are still asked for are stored once more before they go. False: they are gone. */
const isRenewed = async (
  { bytes, copies, clock }: ProxyDeps,
  { volume, url }: Wanted,
  { known }: FoundFile,
): Promise<boolean> => {
  const nowMs = clock.now();
  if (!needsRenewal(known, nowMs)) return true;
  if (!(await bytes.renew(known.sha256, known.contentType))) return false;
  await copies.renewed({ volume: volume.id, url }, known.sha256, nowMs);
  return true;
};

const replyTo = async (
  deps: ProxyDeps,
  { placeMount, path }: ProxyQuestion,
  wanted: Wanted,
  found: Found,
  serve: Serve,
): Promise<ContentReply | undefined> => {
  if (isFile(found)) return (await isRenewed(deps, wanted, found)) ? serve(found) : undefined;
  if (found.kind === 'busy') return BUSY;
  if (found.kind === 'trouble') return troubleReply(found.trouble, deps.clock.now());
  switch (found.known.kind) {
    case 'large':
      return sentTo(wanted.url);
    case 'directory':
      return movedTo(`${placeMount}/${path}/`);
    default:
      return ABSENT;
  }
};

/** Finds what is wanted and says what it is; `serve` is for files. Bytes that should be here and are not are fetched anew, once. */
export const replyWith = async (
  deps: ProxyDeps,
  question: ProxyQuestion,
  wanted: Wanted,
  serve: Serve,
): Promise<ContentReply> => {
  let found = await findCopy(deps, wanted);
  let reply = await replyTo(deps, question, wanted, found, serve);
  if (reply === undefined && isFile(found)) {
    found = await findCopy(deps, { ...wanted, gone: found.known.sha256 });
    reply = await replyTo(deps, question, wanted, found, serve);
  }
  if (reply === undefined) throw new Fault('bytes that were just stored are not there');
  deps.count(metricOf(found));
  return reply;
};
