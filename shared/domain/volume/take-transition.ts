/**
 * Makes the change that rows of the table stand for. What follows from any decision is done here for all alike: the version
 * rises, states and their moments change, the log gets its entry. What only one decision knows comes as `fields`.
 */
import type { EpochMs } from '../inventory/inventory.ts';
import type { Release } from './release.ts';
import { RELEASE_TRANSITIONS, type TransitionName } from './release-transitions.ts';
import type { Sha256 } from './tree.ts';
import type { ReleaseWrite, VolumeChange, VolumeDecision, VolumePointer } from './volume-state.ts';

/** A volume as it was read, or refused when it is written. */
export interface VolumeView {
  readonly pointer: VolumePointer;
  /** The release that is asked about. */
  readonly target: Release | undefined;
  readonly current: Release | undefined;
  readonly nowMs: EpochMs;
  /** Who acts: `user:NAME`, `sweep`. */
  readonly by: string;
  /** Never used before. */
  readonly writeId: string;
}

interface Fields {
  readonly pointer?: Partial<VolumePointer>;
  readonly releases?: readonly ReleaseWrite[];
  readonly release?: Sha256 | undefined;
  readonly reason?: string | undefined;
}

/** The release after the row, with the state's moment where that changes. */
export const releaseWrite = (
  transition: TransitionName,
  release: Release,
  nowMs: EpochMs,
  fields: Partial<Release> = {},
): ReleaseWrite => {
  const { to } = RELEASE_TRANSITIONS[transition];
  const state = to === 'same' ? release.state : to;
  const { problems: _, ...rest } = release;
  const next = { ...rest, state, sinceMs: state === release.state ? release.sinceMs : nowMs, ...fields };
  return { from: release.state, next };
};

export const takeTransition = (transition: TransitionName, view: VolumeView, fields: Fields): VolumeDecision => {
  const { pointer, nowMs, by, writeId } = view;
  const next: VolumePointer = { ...pointer, ...fields.pointer, version: pointer.version + 1 };
  const change: VolumeChange = {
    seen: pointer.version,
    next,
    releases: fields.releases ?? [],
    event: {
      volume: pointer.volume,
      version: next.version,
      transition,
      release: fields.release ?? view.target?.root,
      before: next.moves === pointer.moves ? undefined : pointer.current,
      by,
      atMs: nowMs,
      reason: fields.reason,
      writeId,
    },
  };
  return { kind: 'change', change };
};
