import * as v from 'valibot';
import type { KeptCopy } from '#domain/content/proxy-copy.ts';
import { count, epochMs, hex64, nonEmpty } from '../fields.ts';
import { parseValue } from '../parse-json.ts';
import type { PlainItem } from './volume-items.ts';
import type { VolumeItemKey } from './volume-table.ts';

/** In the table of volumes: `X#` and the proxy volume, then the URL at upstream, or its hash where it is too long for a key. */
const LONGEST_SORT_KEY = 1_000;

export const proxiedPartition = (volume: string): string => `X#${volume}`;

/** `hash`: of a URL, 64 hexadecimal digits. */
export const proxiedKey = (volume: string, url: string, hash: (text: string) => string): VolumeItemKey => {
  const isShort = new TextEncoder().encode(url).length <= LONGEST_SORT_KEY;
  return { pk: proxiedPartition(volume), sk: isShort ? url : `#${hash(url)}` };
};

/** Conditions and updates name these attributes. */
export const LEASED_BY = 'lw';
export const LEASED_UNTIL = 'lu';
export const COPY = 'c';

const known = v.variant('kind', [
  v.object({
    kind: v.literal('file'),
    sha256: hex64,
    sizeBytes: count,
    contentType: v.string(),
    etag: v.optional(nonEmpty),
    lastModified: v.optional(nonEmpty),
    isSure: v.boolean(),
    storedMs: epochMs,
    url: nonEmpty,
  }),
  v.object({ kind: v.literal('absent') }),
  v.object({ kind: v.literal('large') }),
  v.object({ kind: v.literal('directory') }),
]);

const proxiedItem = v.object({
  [LEASED_UNTIL]: v.optional(epochMs),
  [COPY]: v.optional(
    v.object({
      known: v.optional(known),
      checkedMs: epochMs,
      trouble: v.optional(v.object({ kind: v.picklist(['timeout', 'failure']), reason: v.string(), untilMs: epochMs })),
    }),
  ),
});

const withoutUndefined = (fields: object): PlainItem =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** What is kept of a URL, as one attribute. */
export const printCopy = ({ known: what, checkedMs, trouble }: KeptCopy): PlainItem =>
  withoutUndefined({ known: what && withoutUndefined(what), checkedMs, trouble });

export interface ProxiedItem {
  readonly copy: KeptCopy | undefined;
  readonly leasedUntilMs: number | undefined;
}

/** Throws WireError on anything that is no such item. */
export const parseProxied = (item: PlainItem): ProxiedItem => {
  const { [LEASED_UNTIL]: leasedUntilMs, [COPY]: copy } = parseValue(proxiedItem, item, 'what is kept of a URL');
  return {
    leasedUntilMs,
    copy: copy && { known: copy.known && fileOf(copy.known), checkedMs: copy.checkedMs, trouble: copy.trouble },
  };
};

const fileOf = (parsed: v.InferOutput<typeof known>): NonNullable<KeptCopy['known']> =>
  parsed.kind === 'file' ? { ...parsed, etag: parsed.etag, lastModified: parsed.lastModified } : parsed;
