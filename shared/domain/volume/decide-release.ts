/**
 * The decisions about one release, from the first file to its end. Each looks at one moment of the volume, and either names a row
 * of the table or says why not. Releasing compares what the publisher saw as current with what is: a run that worked from an old
 * state would otherwise silently take back what was released since (lost updates of two overlapping jobs). A rollback asks for
 * none of that, since whoever rolls back is in a hurry, and leaves a hold behind, since the next scheduled run would bring the
 * bad content back.
 */
import { keptProblems } from './kept-problems.ts';
import type { Release, ReleaseProblem } from './release.ts';
import { RELEASE_TRANSITIONS, type TransitionName } from './release-transitions.ts';
import { releaseWrite, takeTransition, type VolumeView } from './take-transition.ts';
import type { Sha256 } from './tree.ts';
import type { VolumeType } from './volume.ts';
import type { Refusal, ReleaseWrite, VolumeDecision, VolumePointer } from './volume-state.ts';

const NOTHING: VolumeDecision = { kind: 'nothing' };

const refused = (refusal: Refusal): VolumeDecision => ({ kind: 'refused', refusal });

/** The target when the row begins in its state; otherwise why not. */
const inState = (view: VolumeView, transition: TransitionName): Release | VolumeDecision => {
  if (view.target === undefined) return refused({ kind: 'unknown-release' });
  const { state } = view.target;
  return RELEASE_TRANSITIONS[transition].from.includes(state) ? view.target : refused({ kind: 'wrong-state', state });
};

const isDecision = (outcome: Release | VolumeDecision): outcome is VolumeDecision => 'kind' in outcome;

/** A row that concerns the target alone. */
const alone = (view: VolumeView, transition: TransitionName, fields: Partial<Release> = {}, reason?: string): VolumeDecision => {
  const found = inState(view, transition);
  if (isDecision(found)) return found;
  return takeTransition(transition, view, { releases: [releaseWrite(transition, found, view.nowMs, fields)], reason });
};

export interface StagedTree {
  readonly root: Sha256;
  readonly files: number;
  readonly bytes: number;
}

const parentOf = ({ current }: VolumePointer): Pick<Release, 'parent'> => (current === undefined ? {} : { parent: current });

/**
 * Somebody publishes a tree. Nothing to do when it is current, or waits to be released over what is current. Content that was
 * current before is not validated again, and may be released over what is current now.
 */
export const decideStage = (view: VolumeView, tree: StagedTree): VolumeDecision => {
  const { pointer, target, nowMs, by } = view;
  const parent = parentOf(pointer);
  if (target?.state === 'CURRENT') return NOTHING;
  const isReady = target?.state === 'VALIDATED' || target?.state === 'SUPERSEDED';
  if (isReady && target.parent === pointer.current) return NOTHING;
  if (target?.state === 'SUPERSEDED') return alone(view, 'renew', parent);
  const sequence = pointer.releases + 1;
  const next: Release = {
    volume: pointer.volume,
    ...tree,
    sequence: target?.sequence ?? sequence,
    state: 'STAGING',
    ...parent,
    createdMs: nowMs,
    createdBy: by,
    sinceMs: nowMs,
    pinned: target?.pinned ?? false,
  };
  const write: ReleaseWrite = { from: target?.state ?? 'none', next };
  const releases = target === undefined ? sequence : pointer.releases;
  return takeTransition('stage', view, { pointer: { releases }, releases: [write], release: tree.root });
};

/** Every shard and every object of it is stored. */
export const decideSeal = (view: VolumeView): VolumeDecision => alone(view, 'seal');

/** The end of a validation, by the rules of a type; of many problems the first are kept. */
export const decideValidation = (view: VolumeView, problems: readonly ReleaseProblem[], type?: VolumeType): VolumeDecision =>
  problems.length === 0
    ? alone(view, 'validate', type === undefined ? {} : { validatedAs: type })
    : alone(view, 'reject', { problems: keptProblems(problems) }, keptProblems(problems)[0]?.message);

/** Who asks for a release, and from what. */
export interface CommitWish {
  /** What must be current; by default what was when the release was staged. `null`: nothing. */
  readonly expected?: Sha256 | null;
  /** Of the publisher's lease. Without one, nobody else may have a lease. */
  readonly fence?: number;
}

const leaseRefusal = ({ pointer, nowMs }: VolumeView, fence: number | undefined): Refusal | undefined => {
  const { lease } = pointer;
  const alive = lease !== undefined && nowMs < lease.untilMs;
  if (fence === undefined) return alive ? { kind: 'leased', lease } : undefined;
  return alive && fence === pointer.fence ? undefined : { kind: 'fenced', fence: pointer.fence };
};

const moveTo = (
  view: VolumeView,
  transition: 'commit' | 'roll-back',
  target: Release,
  fields: Partial<VolumePointer>,
  reason?: string,
): VolumeDecision => {
  const { pointer, current, nowMs } = view;
  const superseded = current === undefined ? [] : [releaseWrite('supersede', current, nowMs)];
  return takeTransition(transition, view, {
    pointer: { current: target.root, moves: pointer.moves + 1, movedMs: nowMs, ...fields },
    releases: [releaseWrite(transition, target, nowMs), ...superseded],
    reason,
  });
};

/** Makes a release current, for everybody at once. */
export const decideCommit = (view: VolumeView, wish: CommitWish = {}): VolumeDecision => {
  const { pointer, target } = view;
  if (target?.state === 'CURRENT') return NOTHING;
  const found = inState(view, 'commit');
  if (isDecision(found)) return found;
  if (pointer.hold !== undefined) return refused({ kind: 'held', hold: pointer.hold });
  const lease = leaseRefusal(view, wish.fence);
  if (lease !== undefined) return refused(lease);
  const expected = wish.expected === undefined ? found.parent : (wish.expected ?? undefined);
  if (expected !== pointer.current) return refused({ kind: 'moved', current: pointer.current, expected });
  return moveTo(view, 'commit', found, { previous: pointer.current });
};

/** Back to a release that was current before; nothing else is released until somebody resumes. */
export const decideRollBack = (view: VolumeView, reason: string): VolumeDecision => {
  const found = inState(view, 'roll-back');
  if (isDecision(found)) return found;
  const hold = { by: view.by, reason, atMs: view.nowMs };
  return moveTo(view, 'roll-back', found, { previous: found.parent, hold }, reason);
};

export const decideAbort = (view: VolumeView, reason: string): VolumeDecision => alone(view, 'abort', {}, reason);

export const decidePin = (view: VolumeView, pinned: boolean): VolumeDecision => {
  const transition = pinned ? 'pin' : 'unpin';
  const found = inState(view, transition);
  if (isDecision(found)) return found;
  return found.pinned === pinned ? NOTHING : alone(view, transition, { pinned });
};
