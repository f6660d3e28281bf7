import * as v from 'valibot';
import { UPDATE_ENDS, type UpstreamCheck } from '#domain/volume/upstream/upstream-check.ts';
import { count, epochMs, hex64, nonEmpty } from '../fields.ts';
import { parseJson, parseValue } from '../parse-json.ts';
import type { PlainItem } from './volume-items.ts';
import type { VolumeItemKey } from './volume-table.ts';

/** In the table of volumes: `U`, then the volume. One partition, since all of them are read together every few minutes. */
export const UPSTREAM_PARTITION = 'U';
export const upstreamCheckKey = (volume: string): VolumeItemKey => ({ pk: UPSTREAM_PARTITION, sk: volume });

/** Conditions name it. */
export const FENCE_ATTRIBUTE = 'f';

const head = v.object({ path: v.string(), sha256: hex64, etag: v.optional(v.string()), lastModified: v.optional(v.string()) });
const document = v.object({
  startedMs: epochMs,
  end: v.picklist(UPDATE_ENDS),
  problem: v.optional(v.string()),
  failures: count,
  checkedMs: v.optional(epochMs),
  changedMs: v.optional(epochMs),
  releasedMs: v.optional(epochMs),
  notBeforeMs: v.optional(epochMs),
  source: v.optional(v.string()),
  heads: v.array(head),
  root: v.optional(hex64),
  askedMs: v.optional(epochMs),
});
/** JSON: lists are not stored as such. */
const item = v.object({ sk: nonEmpty, check: v.string() });

export const printUpstreamCheck = ({ volume: _, ...check }: UpstreamCheck, fence: number): PlainItem => ({
  [FENCE_ATTRIBUTE]: fence,
  check: JSON.stringify(check),
});

/** Throws WireError on anything that is not what is remembered of an upstream. */
export const parseUpstreamCheck = (attributes: PlainItem): UpstreamCheck => {
  const { sk: volume, check } = parseValue(item, attributes, 'what is known of an upstream');
  return { volume, ...parseJson(document, check, `what is known of the upstream of ${volume}`) } as UpstreamCheck;
};
