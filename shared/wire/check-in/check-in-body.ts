import * as v from 'valibot';
import type { CheckInClaim } from '#domain/check-in/check-in.ts';
import type { CategoryId } from '#domain/inventory/inventory.ts';
import { hex64 } from '../fields.ts';

const MOST_CATEGORIES = 100;
const MOST_HEADS = 10_000;
const MAX_PATH = 1_024;

const heads = v.pipe(
  v.record(v.pipe(v.string(), v.maxLength(MAX_PATH)), hex64),
  v.check((given) => Object.keys(given).length <= MOST_HEADS, `at most ${MOST_HEADS} heads`),
);

const category = v.pipe(
  v.strictObject({
    id: v.pipe(v.string(), v.minLength(1), v.maxLength(100)),
    manifestDigest: v.optional(
      v.pipe(hex64, v.description('Name of the manifest that the host now holds all of, as an answer named it.')),
    ),
    heads: v.optional(
      v.pipe(heads, v.description('sha256 of head files that the host now serves, by path relative to the category.')),
    ),
  }),
  v.check(
    ({ manifestDigest, heads: given }) => manifestDigest === undefined || given === undefined,
    'either manifestDigest or heads',
  ),
);

/** Body of `POST /api/v1/checkins`. */
export const checkInBody = v.strictObject({
  categories: v.pipe(v.array(category), v.minLength(1), v.maxLength(MOST_CATEGORIES)),
});

export interface CategoryCheckIn {
  readonly category: CategoryId;
  readonly claim: CheckInClaim;
}

export const claimsOf = ({ categories }: v.InferOutput<typeof checkInBody>): readonly CategoryCheckIn[] =>
  categories.map(({ id, manifestDigest, heads: given }) => {
    if (manifestDigest !== undefined) return { category: id, claim: { kind: 'manifest', digest: manifestDigest } };
    if (given !== undefined) return { category: id, claim: { kind: 'heads', heads: new Map(Object.entries(given)) } };
    return { category: id, claim: { kind: 'synced' } };
  });

/**
 * What became of one category's check-in. `probing`: we look at the host now; `recorded`: its word is its state; `too_soon`, `busy`: say it
 * again after `retryAfterMs`; `nothing_known`: no name in it is known; `unknown_manifest`: no manifest has that digest; `not_scanned`:
 * the master was never listed.
 */
export type CheckInResult =
  | 'probing'
  | 'recorded'
  | 'unknown_category'
  | 'not_carried'
  | 'switched_off'
  | 'not_scanned'
  | 'nothing_known'
  | 'unknown_manifest'
  | 'too_soon'
  | 'busy';

/** One entry of the answer, 202. */
export interface CheckInReply {
  readonly id: CategoryId;
  readonly result: CheckInResult;
  readonly retryAfterMs?: number | undefined;
  /** The present manifest: what a sync that begins now leaves on the host, or something newer. */
  readonly manifestDigest?: string | undefined;
}
