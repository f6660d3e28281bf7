import type { EpochMs } from '#domain/inventory/inventory.ts';
import type { Sha256 } from '#domain/volume/tree.ts';
import type { VolumeId } from '#domain/volume/volume.ts';
import type { SweepMode } from './volume-sweeps.ts';

/** What is done to volumes behind a queue, since it may take minutes. Each kind has a queue and a stage of its own. */
export type VolumeWork =
  /**
   * All of the release's objects are said to be stored: see that they are, and whether it is good. `stagedMs` is since when the
   * release was STAGING then: what somebody is about to store again is not looked at by a message that came late.
   */
  | { readonly kind: 'check'; readonly volume: VolumeId; readonly root: Sha256; readonly stagedMs: EpochMs }
  /** Copy what changed upstream. */
  | { readonly kind: 'update'; readonly volume: VolumeId; readonly by: string }
  /** End releases that nobody needs, and remove objects that no release needs. `run` is the name of its report, never used before. */
  | { readonly kind: 'sweep'; readonly run: string; readonly by: string; readonly mode: SweepMode };

/** Work of one volume is done one piece at a time, in order. Throws Fault. */
export interface VolumeWorkQueue<Work extends VolumeWork = VolumeWork> {
  /** `requestId`: equal ones within five minutes are the same request. */
  readonly send: (work: Work, requestId: string) => Promise<void>;
}
