import type { Release } from '#domain/volume/release.ts';
import type { UpstreamCheck } from '#domain/volume/upstream/upstream-check.ts';
import type { Volume } from '#domain/volume/volume.ts';
import type { Refusal, VolumeEvent, VolumePointer } from '#domain/volume/volume-state.ts';

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

/** How the last look at a volume's upstream ended, and since when it is as fresh as that. */
const updateJson = ({ end, problem, startedMs, checkedMs, changedMs, releasedMs, failures }: UpstreamCheck): Json => ({
  end,
  problem,
  startedMs,
  checkedMs,
  changedMs,
  releasedMs,
  failures,
});

export interface ShownVolume {
  readonly volume: Volume;
  readonly pointer: VolumePointer;
  readonly current: Release | undefined;
  readonly update: UpstreamCheck | undefined;
}

export const volumeJson = ({ volume, pointer, current, update }: ShownVolume): Json => ({
  ...pointerJson(pointer),
  mount: volume.mount,
  type: volume.type,
  upstream: volume.upstream?.url,
  currentRelease: current && releaseJson(current),
  update: update && updateJson(update),
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
