import * as v from 'valibot';
import type { Release } from '#domain/volume/release.ts';
import type { Sha256 } from '#domain/volume/tree.ts';
import type { Refusal, VolumeEvent, VolumePointer } from '#domain/volume/volume-state.ts';
import { type ParsedCall, parseCallBody } from '../api/call-body.ts';
import { hex64 } from '../fields.ts';

const LONGEST_REASON = 500;
/** Asked about at once: each is one look into the store. */
export const MOST_ASKED_OBJECTS = 1_000;
const reason = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(LONGEST_REASON));
const fence = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

/** Bodies of the calls. Unknown keys are refused: a misspelt `expect` would release over anything. */
export const askedObjectsSchema = v.strictObject({
  objects: v.pipe(v.array(hex64), v.minLength(1), v.maxLength(MOST_ASKED_OBJECTS)),
});
export const stageSchema = v.strictObject({ root: hex64 });
/** `expect` is what must be current, null for nothing; without it, what was current when the release was staged. */
export const releaseSchema = v.strictObject({
  release: hex64,
  expect: v.optional(v.nullable(hex64)),
  fence: v.optional(fence),
});
export const rollBackSchema = v.strictObject({ to: v.optional(hex64), reason });
export const reasonSchema = v.strictObject({ reason });

export interface ReleaseWish {
  readonly release: Sha256;
  readonly expect?: Sha256 | null | undefined;
  readonly fence?: number | undefined;
}

export const parseAskedObjects = (body: string): ParsedCall<{ readonly objects: readonly Sha256[] }> =>
  parseCallBody(askedObjectsSchema, body);
export const parseStage = (body: string): ParsedCall<{ readonly root: Sha256 }> => parseCallBody(stageSchema, body);
export const parseReleaseWish = (body: string): ParsedCall<ReleaseWish> => parseCallBody(releaseSchema, body);
export const parseRollBack = (body: string): ParsedCall<{ readonly to?: Sha256 | undefined; readonly reason: string }> =>
  parseCallBody(rollBackSchema, body);
export const parseVolumeReason = (body: string): ParsedCall<{ readonly reason: string }> => parseCallBody(reasonSchema, body);

type Json = Readonly<Record<string, unknown>>;

/** A release as clients see it; what does not apply is left out. Times are milliseconds since 1970. */
export const releaseJson = (release: Release): Json => ({
  release: release.root,
  sequence: release.sequence,
  state: release.state,
  parent: release.parent,
  files: release.files,
  bytes: release.bytes,
  createdMs: release.createdMs,
  createdBy: release.createdBy,
  sinceMs: release.sinceMs,
  pinned: release.pinned ? true : undefined,
  problems: release.problems,
});

/** Where a volume stands. A lease that is over is still shown, with its end. */
export const pointerJson = (pointer: VolumePointer): Json => ({
  volume: pointer.volume,
  version: pointer.version,
  current: pointer.current,
  previous: pointer.previous,
  moves: pointer.moves,
  movedMs: pointer.movedMs,
  hold: pointer.hold,
  lease: pointer.lease && { ...pointer.lease, fence: pointer.fence },
});

/** `before` is what to go back to: the release that was current until then. */
export const volumeEventJson = ({ version, transition, release, before, by, atMs, reason: why }: VolumeEvent): Json => ({
  version,
  operation: transition,
  release,
  before,
  by,
  atMs,
  reason: why,
});

/** For people; programs read the refusal's `kind`. */
export const refusalText = (refusal: Refusal): string => {
  switch (refusal.kind) {
    case 'unknown-release':
      return 'There is no such release.';
    case 'wrong-state':
      return `The release is ${refusal.state}, which does not allow that.`;
    case 'held':
      return `The volume is held by ${refusal.hold.by}: ${refusal.hold.reason}`;
    case 'moved':
      return `Current is ${refusal.current ?? 'nothing'}, and not ${refusal.expected ?? 'nothing'} as expected.`;
    case 'leased':
      return `${refusal.lease.by} is publishing.`;
    case 'fenced':
      return 'The lease is over, or somebody else has it by now.';
    case 'kept':
      return `The release stays: ${refusal.reason}.`;
  }
};
