import * as v from 'valibot';
import { RELEASE_STATES } from '#domain/volume/release.ts';
import { VOLUME_TYPES } from '#domain/volume/volume.ts';
import { count, epochMs, hex64, nonEmpty } from '../fields.ts';
import { parseValue } from '../parse-json.ts';
import { SWEEP_COUNTS } from './sweep-item.ts';

/** What the API of volumes answers with, as its clients read it; what they have no use for is not looked at. */
const problem = v.object({ path: v.string(), message: v.string() });

const release = v.object({
  release: hex64,
  sequence: count,
  state: v.picklist(RELEASE_STATES),
  parent: v.optional(hex64),
  files: count,
  bytes: count,
  createdMs: epochMs,
  createdBy: v.string(),
  sinceMs: epochMs,
  pinned: v.optional(v.boolean(), false),
  problems: v.optional(v.array(problem), []),
});

const pointer = v.object({
  volume: nonEmpty,
  version: count,
  current: v.optional(hex64),
  previous: v.optional(hex64),
  moves: count,
  movedMs: v.optional(epochMs),
  hold: v.optional(v.object({ by: v.string(), reason: v.string(), atMs: epochMs })),
  lease: v.optional(v.object({ by: v.string(), untilMs: epochMs, fence: count })),
});

const volume = v.object({
  ...pointer.entries,
  mount: nonEmpty,
  type: v.picklist(VOLUME_TYPES),
  upstream: v.optional(v.string()),
  currentRelease: v.optional(release),
  /** Of the last look at its upstream. */
  update: v.optional(v.object({ end: v.string(), checkedMs: v.optional(epochMs), problem: v.optional(v.string()) })),
  /** Of whoever asks; not in lists. */
  roles: v.optional(v.object({ publish: v.boolean(), release: v.boolean(), operate: v.boolean() })),
});

const event = v.object({
  version: count,
  operation: v.string(),
  release: v.optional(hex64),
  before: v.optional(hex64),
  by: v.string(),
  atMs: epochMs,
  reason: v.optional(v.string()),
});

const standing = v.object({
  sha256: hex64,
  standing: v.picklist(['missing', 'usable', 'wait']),
  upload: v.optional(v.object({ url: nonEmpty, headers: v.record(v.string(), v.string()) })),
});

const moved = v.object({ release, pointer, previous: v.optional(hex64), outcome: v.picklist(['released', 'nothing']) });

const sweep = v.object({
  run: v.string(),
  mode: v.picklist(['planned', 'done']),
  by: v.string(),
  startedMs: epochMs,
  endedMs: v.optional(epochMs),
  ...SWEEP_COUNTS,
  problem: v.optional(v.string()),
});

const SCHEMAS = {
  volume,
  volumes: v.object({ volumes: v.array(volume) }),
  release,
  releases: v.object({ releases: v.array(release) }),
  log: v.object({ entries: v.array(event) }),
  staged: v.object({ release, outcome: v.picklist(['staged', 'resumed', 'nothing']) }),
  objects: v.object({ objects: v.array(standing), expiresMs: epochMs }),
  changed: v.object({ release }),
  moved,
  movedTogether: v.object({ releases: v.array(v.object({ ...moved.entries, volume: nonEmpty })) }),
  lease: v.object({ fence: count, untilMs: epochMs }),
  pointer: v.object({ pointer }),
  asked: v.object({ run: v.string() }),
  garbage: v.object({ last: v.optional(sweep) }),
} as const;

export type ReplyKind = keyof typeof SCHEMAS;
export type VolumeReplyOf<Kind extends ReplyKind> = v.InferOutput<(typeof SCHEMAS)[Kind]>;

export type ReleaseReply = VolumeReplyOf<'release'>;
export type VolumeReply = VolumeReplyOf<'volume'>;
export type VolumeEventReply = v.InferOutput<typeof event>;
export type SweepReply = v.InferOutput<typeof sweep>;
export type ObjectStandingReply = v.InferOutput<typeof standing>;

/** Throws WireError for what is no such reply. */
export const parseVolumeReply = <Kind extends ReplyKind>(kind: Kind, value: unknown): VolumeReplyOf<Kind> =>
  parseValue<v.GenericSchema>(SCHEMAS[kind], value, 'the reply of the service') as VolumeReplyOf<Kind>;
