/**
 * Metalink 3.0 with MirrorManager's namespace (mm0), the only form dnf reads: its file must be named as the client expects it, and
 * alternates list earlier states that are accepted too. librepo goes by document order, aria2 by `preference`, so both say the
 * same: 100 for the first host, one less for each that follows, not below 1, all URLs of a host alike. `pubdate` is the moment of
 * publishing, not of asking, so that equal questions get equal bytes.
 */
import { httpDate } from '../answer/http-date.ts';
import type { EpochMs } from '../inventory/inventory.ts';
import type { Head } from '../master/manifest.ts';
import type { Accepted } from '../selection/selection.ts';
import type { SnapshotHost, SnapshotUrl } from '../snapshot/document.ts';
import type { SnapshotView } from '../snapshot/view.ts';
import { commentText, escapeXml } from './xml-text.ts';

export const METALINK_TYPE = 'application/metalink+xml';

const HIGHEST_PREFERENCE = 100;
const HASH_TYPES = ['md5', 'sha1', 'sha256', 'sha512'] as const;

const opening = (publishedMs: EpochMs): string =>
  '<?xml version="1.0" encoding="utf-8"?>\n' +
  '<metalink version="3.0" xmlns="http://www.metalinker.org/" type="dynamic" ' +
  `pubdate="${httpDate(publishedMs)}" generator="mirrortide" xmlns:mm0="http://fedorahosted.org/mirrormanager">\n`;

const headLines = (head: Head, indent: string): string => {
  const hashes = HASH_TYPES.filter((type) => head.hashes[type] !== '').map(
    (type) => `${indent} <hash type="${type}">${escapeXml(head.hashes[type])}</hash>\n`,
  );
  return (
    (head.timestampSeconds > 0 ? `${indent}<mm0:timestamp>${head.timestampSeconds}</mm0:timestamp>\n` : '') +
    (head.sizeBytes > 0 ? `${indent}<size>${head.sizeBytes}</size>\n` : '') +
    `${indent}<verification>\n${hashes.join('')}${indent}</verification>\n`
  );
};

const alternateLines = (heads: readonly Head[]): string =>
  heads.length === 0
    ? ''
    : `   <mm0:alternates>\n${heads
        .map((head) => `    <mm0:alternate>\n${headLines(head, '      ')}    </mm0:alternate>\n`)
        .join('')}   </mm0:alternates>\n`;

interface UrlParts {
  /** Up to the preference's digits. */
  readonly before: string;
  /** From there to the end of the escaped base URL. */
  readonly after: string;
}

/** What does not change between answers is written once per URL of an opened snapshot. */
const partsOfUrl = new WeakMap<SnapshotUrl, UrlParts>();

const urlParts = (url: SnapshotUrl, host: SnapshotHost): UrlParts => {
  const known = partsOfUrl.get(url);
  if (known !== undefined) return known;
  const protocol = escapeXml(url.protocol);
  const parts = {
    before: `    <url protocol="${protocol}" type="${protocol}" location="${escapeXml(host.country)}" preference="`,
    after: `"${host.private ? ' mm0:private="True"' : ''}>${escapeXml(url.url)}`,
  };
  partsOfUrl.set(url, parts);
  return parts;
};

const resourceLines = (view: SnapshotView, accepted: readonly Accepted[], suffix: string): string => {
  const end = `${escapeXml(suffix)}</url>\n`;
  let lines = '';
  let preference = HIGHEST_PREFERENCE;
  for (const { host: index, urls } of accepted) {
    const host = view.host(index);
    for (const url of urls) {
      const { before, after } = urlParts(url, host);
      lines += before + preference + after + end;
    }
    preference = Math.max(1, preference - 1);
  }
  return lines;
};

export interface MetalinkFile {
  readonly name: string;
  /** The present state first, then the alternates. */
  readonly heads: readonly Head[];
  /** What follows a carrier's base URL: `/…/repodata/repomd.xml`. */
  readonly suffix: string;
}

export const renderMetalink = (
  view: SnapshotView,
  file: MetalinkFile,
  accepted: readonly Accepted[],
  publishedMs: EpochMs,
): string => {
  const [head, ...alternates] = file.heads;
  return (
    `${opening(publishedMs)} <files>\n  <file name="${escapeXml(file.name)}">\n` +
    (head === undefined ? '' : headLines(head, '   ')) +
    alternateLines(alternates) +
    `   <resources maxconnections="1">\n${resourceLines(view, accepted, file.suffix)}   </resources>\n` +
    '  </file>\n </files>\n</metalink>\n'
  );
};

/** An error as a metalink: well-formed, without files, the message in a comment, as MirrorManager answers. */
export const renderFailure = (lines: readonly string[], publishedMs: EpochMs): string =>
  `${opening(publishedMs)}<!-- ${lines.map(commentText).join('\n')}\n-->\n</metalink>\n`;
