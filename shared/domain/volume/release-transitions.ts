/**
 * The states of a release as one table: who may do it, from which states, to which. Decisions choose a row and nothing else, and
 * the tests walk the rows. Two things can be read off it: every way to CURRENT begins at VALIDATED or at SUPERSEDED, which was
 * CURRENT once; and nothing leads out of ABORTED and REJECTED but being staged, and so validated, again.
 */
import type { ReleaseState } from './release.ts';

export const TRANSITION_NAMES = [
  'stage',
  'renew',
  'seal',
  'validate',
  'reject',
  'commit',
  'roll-back',
  'supersede',
  'abort',
  'expire',
  'pin',
  'unpin',
  'hold',
  'resume',
  'lease',
  'give-back',
] as const;
export type TransitionName = (typeof TRANSITION_NAMES)[number];

export interface ReleaseTransition {
  readonly by: 'publisher' | 'server' | 'operator' | 'sweeper';
  /** Empty for what concerns the volume and no release. */
  readonly from: readonly (ReleaseState | 'none')[];
  readonly to: ReleaseState | 'same';
  /** Why, in a few words. */
  readonly when: string;
}

const UNRELEASED = ['STAGING', 'SEALED', 'VALIDATED'] as const;
const KEPT = ['VALIDATED', 'CURRENT', 'SUPERSEDED'] as const;

const row = (
  by: ReleaseTransition['by'],
  from: ReleaseTransition['from'],
  to: ReleaseTransition['to'],
  when: string,
): ReleaseTransition => ({ by, from, to, when });

export const RELEASE_TRANSITIONS: Readonly<Record<TransitionName, ReleaseTransition>> = {
  stage: row('publisher', ['none', ...UNRELEASED, 'ABORTED', 'REJECTED'], 'STAGING', 'somebody publishes this content'),
  renew: row('publisher', ['SUPERSEDED'], 'same', 'somebody publishes content that was current before'),
  seal: row('server', ['STAGING'], 'SEALED', 'all of it is stored'),
  validate: row('server', ['SEALED'], 'VALIDATED', 'neither the validator nor the guards found anything'),
  reject: row('server', ['SEALED'], 'REJECTED', 'something is wrong with it'),
  commit: row('publisher', ['VALIDATED', 'SUPERSEDED'], 'CURRENT', 'what it was made from is still current, and nothing is held'),
  'roll-back': row('operator', ['SUPERSEDED'], 'CURRENT', 'an earlier release again, and a hold with it'),
  supersede: row('server', ['CURRENT'], 'SUPERSEDED', 'another one becomes current in the same write'),
  abort: row('publisher', UNRELEASED, 'ABORTED', 'not wanted any more'),
  expire: row('sweeper', [...UNRELEASED, 'SUPERSEDED'], 'ABORTED', 'nobody released it in time, or it was superseded long ago'),
  pin: row('operator', KEPT, 'same', 'to be kept until it is unpinned'),
  unpin: row('operator', KEPT, 'same', 'kept no longer than others'),
  hold: row('operator', [], 'same', 'nothing new is released'),
  resume: row('operator', [], 'same', 'releases again'),
  lease: row('publisher', [], 'same', 'one publisher begins, or goes on'),
  'give-back': row('publisher', [], 'same', 'the publisher is done'),
};
