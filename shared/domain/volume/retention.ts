/**
 * How long a release is kept. What is current or pinned stays; so do as many superseded ones as the volume's policy says, for
 * rollback, and those that ended less than the grace ago, because clients still follow indexes that they read then. What was
 * never released is aborted after a day: as a state, not by the age of objects, so that it cannot be released any more when its
 * objects go. An ended release is remembered for a month, for whoever asks what became of it; the log remembers it for ever.
 */
import type { EpochMs } from '../inventory/inventory.ts';
import { needsObjects } from './garbage.ts';
import type { Release } from './release.ts';
import { RELEASE_TRANSITIONS } from './release-transitions.ts';
import { releaseWrite, takeTransition, type VolumeView } from './take-transition.ts';
import type { Volume } from './volume.ts';
import type { VolumeDecision } from './volume-state.ts';

/** How long a release may wait to be released: a night and a working day. */
export const UNRELEASED_MS = 86_400_000;

/** A volume that is rejected every few minutes would else be listed ever more slowly. */
const FORGOTTEN_MS = 30 * 86_400_000;

/** When an aborted or rejected release is forgotten; undefined for all that somebody may still want. */
export const forgottenMs = (release: Pick<Release, 'state' | 'sinceMs'>): EpochMs | undefined =>
  needsObjects(release) ? undefined : release.sinceMs + FORGOTTEN_MS;

/** Paths of it still resolve, though it is not current. */
export const isInGrace = ({ graceMs }: Pick<Volume, 'graceMs'>, release: Release, nowMs: EpochMs): boolean =>
  release.state === 'SUPERSEDED' && nowMs < release.sinceMs + graceMs;

type Retention = Pick<Volume, 'graceMs' | 'retain'>;

/**
 * Of a volume that the network does not declare: whatever was released stays, so that nothing is lost by a mistake in a file. What
 * was never released goes as anywhere.
 */
export const UNDECLARED: Retention = { graceMs: 0, retain: Number.POSITIVE_INFINITY };

/** Why the release stays, or undefined when it may go. `releases` are all of the volume's. */
export const keptBecause = (
  volume: Retention,
  release: Release,
  releases: readonly Release[],
  nowMs: EpochMs,
): string | undefined => {
  if (release.pinned) return 'it is pinned';
  if (release.state !== 'SUPERSEDED') return nowMs < release.sinceMs + UNRELEASED_MS ? 'it is still new' : undefined;
  if (isInGrace(volume, release, nowMs)) return 'clients may still follow it';
  const later = releases.filter((other) => other.state === 'SUPERSEDED' && other.sinceMs > release.sinceMs);
  return later.length < volume.retain ? 'it is one of the last' : undefined;
};

/** What there is to expire. Of all of the volume's releases. */
export const expirable = (volume: Retention, releases: readonly Release[], nowMs: EpochMs): readonly Release[] =>
  releases.filter(
    (release) =>
      RELEASE_TRANSITIONS.expire.from.includes(release.state) && keptBecause(volume, release, releases, nowMs) === undefined,
  );

/**
 * `releases` may have been read earlier than the view: by then there are at least as many later ones that are superseded, since a
 * rollback supersedes one for the one that it takes, and the last ones are never expired.
 */
export const decideExpiry = (view: VolumeView, volume: Retention, releases: readonly Release[]): VolumeDecision => {
  const { target, nowMs } = view;
  if (target === undefined) return { kind: 'refused', refusal: { kind: 'unknown-release' } };
  if (!RELEASE_TRANSITIONS.expire.from.includes(target.state))
    return { kind: 'refused', refusal: { kind: 'wrong-state', state: target.state } };
  const reason = keptBecause(volume, target, releases, nowMs);
  if (reason !== undefined) return { kind: 'refused', refusal: { kind: 'kept', reason } };
  return takeTransition('expire', view, { releases: [releaseWrite('expire', target, nowMs)] });
};
