/**
 * The table of volumes.
 *
 *   pk         sk             what
 *   V          VOLUME         there is something of this volume; written with its first decision and never removed
 *   V#VOLUME   P              the pointer
 *   V#VOLUME   R#ROOT         one release
 *   L#VOLUME   000000000042   log: the decision that made version 42
 *   G#ab       HASH           an object whose hash begins so is doomed
 *   S          planned|done   how the last sweep went
 *   X#PROXY    URL            what is kept of a URL of upstream, and who asks for it now
 */
export interface VolumeItemKey {
  readonly pk: string;
  readonly sk: string;
}

export const VOLUMES_PARTITION = 'V';
/** Seconds since 1970, after which the table forgets an item by itself. */
export const EXPIRES = 'ttl';

export const RELEASE_PREFIX = 'R#';
const VERSION_DIGITS = 12;

export const volumePartition = (volume: string): string => `V#${volume}`;
export const pointerKey = (volume: string): VolumeItemKey => ({ pk: volumePartition(volume), sk: 'P' });
export const releaseKey = (volume: string, root: string): VolumeItemKey => ({
  pk: volumePartition(volume),
  sk: `${RELEASE_PREFIX}${root}`,
});
export const logPartition = (volume: string): string => `L#${volume}`;
export const versionText = (version: number): string => String(version).padStart(VERSION_DIGITS, '0');
