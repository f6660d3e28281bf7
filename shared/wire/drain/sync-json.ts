import * as v from 'valibot';
import {
  SYNC_MODES,
  SYNC_OUTCOMES,
  type SyncMode,
  type SyncOutcome,
  type SyncPair,
  type SyncState,
  syncIdOf,
} from '#domain/drain/drain-state.ts';
import type { EpochMs } from '#domain/inventory/inventory.ts';
import { type ParsedCall, parseCallBody } from '../api/call-body.ts';

const DAY_MS = 86_400_000;
const LONGEST_REASON = 500;
const fence = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const reason = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(LONGEST_REASON));

/** Bodies of the calls; also what the OpenAPI document says of them. Unknown keys are refused: a misspelt one would be lost. */
export const beginSchema = v.strictObject({
  mode: v.optional(v.picklist(SYNC_MODES), 'full'),
  expectedDurationMs: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(30 * DAY_MS))),
});
export const heartbeatSchema = v.strictObject({ fence, phase: v.optional(v.literal('destructive')) });
export const endSchema = v.strictObject({
  fence,
  outcome: v.picklist(SYNC_OUTCOMES),
  /** Of what the host now has; for the log. The crawl decides. */
  manifestDigest: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
});
export const reasonSchema = v.strictObject({ reason });

export const parseBegin = (body: string): ParsedCall<{ mode: SyncMode; expectedDurationMs?: number | undefined }> =>
  parseCallBody(beginSchema, body);
export const parseHeartbeat = (body: string): ParsedCall<{ fence: number; phase?: 'destructive' | undefined }> =>
  parseCallBody(heartbeatSchema, body);
export const parseEnd = (
  body: string,
): ParsedCall<{ fence: number; outcome: SyncOutcome; manifestDigest?: string | undefined }> => parseCallBody(endSchema, body);
export const parseReason = (body: string): ParsedCall<{ reason: string }> => parseCallBody(reasonSchema, body);

/** A synchronisation as clients see it; what does not apply is left out. */
export interface ShownSync {
  readonly pair: SyncPair;
  readonly state: SyncState;
  readonly safeAfterMs: EpochMs | undefined;
  readonly position: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly cancel: boolean;
}

export const syncJson = ({
  pair,
  state,
  safeAfterMs,
  position,
  retryAfterMs,
  cancel,
}: ShownSync): Readonly<Record<string, unknown>> => ({
  syncId: syncIdOf(pair),
  host: pair.host,
  category: pair.category,
  state,
  fence: pair.fence,
  mode: pair.mode,
  beganMs: pair.beganMs,
  sinceMs: pair.sinceMs,
  expectedDurationMs: pair.expectedMs,
  safeAfterMs,
  leaseUntilMs: pair.leaseUntilMs,
  position,
  retryAfterMs,
  reason: pair.reason,
  hold: pair.hold,
  cancel,
});
