import * as v from 'valibot';
import { RELEASE_STATES, type Release } from '#domain/volume/release.ts';
import { TRANSITION_NAMES } from '#domain/volume/release-transitions.ts';
import { forgottenMs } from '#domain/volume/retention.ts';
import { VOLUME_TYPES, type VolumeId } from '#domain/volume/volume.ts';
import type { VolumeEvent, VolumePointer } from '#domain/volume/volume-state.ts';
import { count, epochMs, hex64, nonEmpty } from '../fields.ts';
import { parseJson, parseValue } from '../parse-json.ts';
import { EXPIRES } from './volume-table.ts';

/** Attributes beside the key, as plain values. */
export type PlainItem = Readonly<Record<string, unknown>>;

/** Conditions name these two attributes. */
export const VERSION_ATTRIBUTE = 'v';
export const STATE_ATTRIBUTE = 's';

const pointerItem = v.object({
  v: count,
  m: count,
  moved: v.optional(epochMs),
  current: v.optional(hex64),
  previous: v.optional(hex64),
  hold: v.optional(v.object({ by: v.string(), reason: v.string(), at: epochMs })),
  f: count,
  lease: v.optional(v.object({ by: v.string(), until: epochMs })),
  releases: count,
});

const problemList = v.array(v.object({ path: v.string(), message: v.string() }));

const releaseItem = v.object({
  root: hex64,
  n: count,
  s: v.picklist(RELEASE_STATES),
  parent: v.optional(hex64),
  files: count,
  bytes: count,
  created: epochMs,
  by: v.string(),
  since: epochMs,
  pin: v.boolean(),
  as: v.optional(v.picklist(VOLUME_TYPES)),
  /** JSON: lists are not stored as such. */
  problems: v.optional(v.string()),
});

const eventItem = v.object({
  v: count,
  op: v.picklist(TRANSITION_NAMES),
  release: v.optional(hex64),
  before: v.optional(hex64),
  by: v.string(),
  at: epochMs,
  why: v.optional(v.string()),
  w: v.string(),
});

const volumeItem = v.object({ sk: nonEmpty });

const withoutUndefined = (fields: PlainItem): PlainItem =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

export const printPointer = (pointer: VolumePointer): PlainItem =>
  withoutUndefined({
    [VERSION_ATTRIBUTE]: pointer.version,
    m: pointer.moves,
    moved: pointer.movedMs,
    current: pointer.current,
    previous: pointer.previous,
    hold: pointer.hold && { by: pointer.hold.by, reason: pointer.hold.reason, at: pointer.hold.atMs },
    f: pointer.fence,
    lease: pointer.lease && { by: pointer.lease.by, until: pointer.lease.untilMs },
    releases: pointer.releases,
  });

/** Of an item that says that there is such a volume. Throws WireError on anything else, as all of these do. */
export const parseVolumeId = (item: PlainItem): VolumeId => parseValue(volumeItem, item, 'a volume').sk;

export const parsePointer = (volume: VolumeId, attributes: PlainItem): VolumePointer => {
  const { hold, lease, ...item } = parseValue(pointerItem, attributes, `the pointer of ${volume}`);
  return {
    volume,
    version: item.v,
    moves: item.m,
    movedMs: item.moved,
    current: item.current,
    previous: item.previous,
    hold: hold && { by: hold.by, reason: hold.reason, atMs: hold.at },
    fence: item.f,
    lease: lease && { by: lease.by, untilMs: lease.until },
    releases: item.releases,
  };
};

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : Math.ceil(ms / 1_000));

export const printRelease = (release: Release): PlainItem =>
  withoutUndefined({
    [EXPIRES]: seconds(forgottenMs(release)),
    root: release.root,
    n: release.sequence,
    [STATE_ATTRIBUTE]: release.state,
    parent: release.parent,
    files: release.files,
    bytes: release.bytes,
    created: release.createdMs,
    by: release.createdBy,
    since: release.sinceMs,
    pin: release.pinned,
    as: release.validatedAs,
    problems: release.problems === undefined ? undefined : JSON.stringify(release.problems),
  });

export const parseRelease = (volume: VolumeId, attributes: PlainItem): Release => {
  const item = parseValue(releaseItem, attributes, `a release of ${volume}`);
  return {
    volume,
    sequence: item.n,
    root: item.root,
    state: item.s,
    ...(item.parent === undefined ? {} : { parent: item.parent }),
    files: item.files,
    bytes: item.bytes,
    createdMs: item.created,
    createdBy: item.by,
    ...(item.as === undefined ? {} : { validatedAs: item.as }),
    ...(item.problems === undefined ? {} : { problems: parseJson(problemList, item.problems, `the problems of a release`) }),
    sinceMs: item.since,
    pinned: item.pin,
  };
};

export const printVolumeEvent = (event: VolumeEvent): PlainItem =>
  withoutUndefined({
    v: event.version,
    op: event.transition,
    release: event.release,
    before: event.before,
    by: event.by,
    at: event.atMs,
    why: event.reason,
    w: event.writeId,
  });

export const parseVolumeEvent = (volume: VolumeId, attributes: PlainItem): VolumeEvent => {
  const item = parseValue(eventItem, attributes, `an entry of the log of ${volume}`);
  return {
    volume,
    version: item.v,
    transition: item.op,
    release: item.release,
    before: item.before,
    by: item.by,
    atMs: item.at,
    reason: item.why,
    writeId: item.w,
  };
};
