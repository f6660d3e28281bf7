import * as v from 'valibot';
import { MOST_VOLUMES } from '#ports/volume-store.ts';
import { MOST_UPLOAD_BYTES } from '#ports/volume-uploads.ts';
import { count, hex64, nonEmpty } from '../fields.ts';

/** Bodies of the calls of volumes. Unknown keys are refused: a misspelt `expect` would release over anything. */

const LONGEST_REASON = 500;
/** Asked about at once: each is one look into the store. */
export const MOST_ASKED_OBJECTS = 1_000;

const reason = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(LONGEST_REASON));
const fence = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const sizeBytes = v.pipe(count, v.maxValue(MOST_UPLOAD_BYTES, `a file has at most 5 GiB, which are ${MOST_UPLOAD_BYTES} bytes`));

export const stageSchema = v.strictObject({ root: hex64, files: count, bytes: count });

/** `root` is the release that was staged. Without `look`, nobody looks whether the objects are there already. */
export const askedObjectsSchema = v.strictObject({
  root: hex64,
  objects: v.pipe(v.array(v.strictObject({ sha256: hex64, sizeBytes })), v.minLength(1), v.maxLength(MOST_ASKED_OBJECTS)),
  look: v.boolean(),
});

/** `expect` is what must be current, null for nothing; without it, what was current when the release was staged. */
export const releaseSchema = v.strictObject({
  release: hex64,
  expect: v.optional(v.nullable(hex64)),
  fence: v.optional(fence),
});

const volumeRelease = v.strictObject({ volume: nonEmpty, ...releaseSchema.entries });
const namesOnce = (wishes: v.InferOutput<typeof volumeRelease>[]): boolean =>
  new Set(wishes.map(({ volume }) => volume)).size === wishes.length;
export const releasesSchema = v.strictObject({
  releases: v.pipe(
    v.array(volumeRelease),
    v.minLength(1),
    v.maxLength(MOST_VOLUMES),
    v.check(namesOnce, 'a volume is named once'),
  ),
});

export const rollBackSchema = v.strictObject({ to: v.optional(hex64), reason });
export const reasonSchema = v.strictObject({ reason });
export const leaseSchema = v.strictObject({ fence: v.optional(fence) });
export const leaseEndSchema = v.strictObject({ fence });
export const sweepSchema = v.strictObject({ mode: v.picklist(['planned', 'done']) });
/** Of calls that need to be told nothing. */
export const emptySchema = v.strictObject({});

export type ReleaseWish = v.InferOutput<typeof releaseSchema>;
