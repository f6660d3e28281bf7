/**
 * In which releases a path is looked for, one after the other. The current one first. Then those that were superseded within the
 * volume's grace, the latest first: a client that read an index before the change asks for files that only the release of then
 * has, and must get them. A path that names a release is looked for in that one only, if all of it is stored and nothing was found
 * wrong with it; whether it was ever released does not matter, since looking before releasing is what such paths are for.
 */
import type { EpochMs } from '../inventory/inventory.ts';
import type { Release, ReleaseState } from '../volume/release.ts';
import { isInGrace } from '../volume/retention.ts';
import type { Volume } from '../volume/volume.ts';
import type { ReleaseName } from './mounts.ts';

const SHOWN: readonly ReleaseState[] = ['SEALED', 'VALIDATED', 'CURRENT', 'SUPERSEDED'];

/** Whether anything of it may ever be seen. */
export const isShown = ({ state }: Pick<Release, 'state'>): boolean => SHOWN.includes(state);

const isNamed = (name: ReleaseName, release: Release): boolean => {
  switch (name.kind) {
    case 'current':
      return release.state === 'CURRENT';
    case 'sequence':
      return release.sequence === name.sequence;
    case 'root':
      return release.root === name.root;
  }
};

export const releasesToSearch = (
  volume: Pick<Volume, 'graceMs'>,
  name: ReleaseName,
  releases: readonly Release[],
  nowMs: EpochMs,
): readonly Release[] => {
  const named = releases.filter((release) => isShown(release) && isNamed(name, release));
  if (name.kind !== 'current') return named;
  const earlier = releases.filter((release) => isInGrace(volume, release, nowMs));
  return [...named, ...earlier.toSorted((one, other) => other.sinceMs - one.sinceMs)];
};
