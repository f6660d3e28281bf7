import { isUpdateDue, isUpstreamDue, type UpdatedVolume, updatedVolumes } from '#domain/volume/upstream/due-updates.ts';
import { noCheck, type UpdateEnd, type UpstreamCheck } from '#domain/volume/upstream/upstream-check.ts';
import { copyUpstream } from './copy-upstream.ts';
import { recordEnd } from './record-end.ts';
import { settleBefore } from './settle-before.ts';
import { BY_SCHEDULE, type UpdateVolumeDeps, type UpdateWork } from './update-deps.ts';
import { beginRun, type Ended, type UpdateRun } from './update-run.ts';
import { UpdateStopped } from './update-stopped.ts';

export type UpdateOutcome =
  | { readonly kind: 'updated'; readonly end: UpdateEnd; readonly problem?: string }
  /** The network declares no such volume, or no upstream of it. */
  | { readonly kind: 'not-wanted' }
  /** The message came twice, or late. */
  | { readonly kind: 'not-due' };

type Waiting = Awaited<ReturnType<typeof settleBefore>>;

/** A run that was cut off goes on, and what somebody asks for is done, whatever the time. */
const asksUpstream = ({ volume, before, isForced, startedMs }: UpdateRun): boolean =>
  isForced || before.end === 'paused' || isUpstreamDue(volume.upstream, before, startedMs);

/** What keeps the volume from being updated. */
const obstacle = ({ pointer, startedMs }: UpdateRun): Ended | undefined => {
  const { hold, lease } = pointer;
  if (hold !== undefined) return { end: 'held', problem: `${hold.by}: ${hold.reason}` };
  if (lease !== undefined && startedMs < lease.untilMs) return { end: 'busy', problem: `${lease.by} is publishing` };
  return undefined;
};

/** Whether what became of the state that upstream still has is all that can be said. */
const isEnough = ({ isForced }: UpdateRun, waiting: Waiting): waiting is Ended => {
  if (waiting === undefined || waiting === 'again') return false;
  if (waiting.end === 'rejected') return !isForced;
  return waiting.end !== 'aborted';
};

const lookUpstream = async (run: UpdateRun, waiting: Waiting): Promise<Ended> => {
  const { before, pointer, reader, progress } = run;
  progress.hasAskedUpstream = true;
  const isKnown = before.root !== undefined && before.source === run.source && waiting !== 'again';
  const seen = await reader.list(isKnown ? before.heads : []);
  if (seen !== 'same') return copyUpstream(run, seen);
  if (pointer.current === before.root) return { end: 'unchanged' };
  if (isEnough(run, waiting)) return waiting;
  const all = await reader.list([]);
  if (all === 'same') throw new Error('upstream is the same as nothing');
  return copyUpstream(run, all);
};

/**
 *   what is in the way ─▶ the release that an earlier run left ─▶ heads of upstream ─▶ listing ─▶ tree ─▶ stage, copy, check
 *        held, busy          released, validated, sealing            unchanged                  unchanged       sealing
 */
const update = async (run: UpdateRun): Promise<Ended> => {
  const inTheWay = obstacle(run);
  if (inTheWay !== undefined) return inTheWay;
  const waiting = await settleBefore(run);
  if (waiting === 'again') return lookUpstream(run, waiting);
  const isDone = waiting !== undefined && ['released', 'held', 'busy', 'lost'].includes(waiting.end);
  if (isDone) return waiting;
  return asksUpstream(run) ? lookUpstream(run, waiting) : (waiting ?? { end: 'unchanged' });
};

/** Whatever upstream does is an outcome. */
const endOf = async (run: UpdateRun): Promise<Ended> => {
  try {
    return await update(run);
  } catch (error) {
    if (!(error instanceof UpdateStopped)) throw error;
    const { end, message: problem, notBeforeMs } = error;
    if (end === 'paused' && run.progress.stored === 0)
      return { end: 'upstream_unreachable', problem: 'nothing could be copied in the time of a run' };
    return { end, problem, ...(notBeforeMs === undefined ? {} : { notBeforeMs }) };
  }
};

const isWorkLeft = ({ upstream }: UpdatedVolume, known: UpstreamCheck | undefined, by: string, nowMs: number): boolean =>
  by !== BY_SCHEDULE || known?.end === 'paused' || isUpdateDue(upstream, known, nowMs);

/**
 * Copies one volume's upstream, if it changed. What is copied becomes a release that another stage checks; a later run makes it
 * current, unless the volume leaves that to somebody. Killed anywhere, the next run begins again and finds stored what was stored.
 */
export const updateVolume = async (deps: UpdateVolumeDeps, work: Pick<UpdateWork, 'volume' | 'by'>): Promise<UpdateOutcome> => {
  const { rules, crawl } = await deps.content.read();
  const volume = updatedVolumes(rules.volumes).find(({ id }) => id === work.volume);
  if (volume === undefined) return { kind: 'not-wanted' };
  const known = await deps.checks.read(volume.id);
  if (!isWorkLeft(volume, known, work.by, deps.clock.now())) return { kind: 'not-due' };
  const pointer = await deps.volumes.pointer(volume.id);
  const run = beginRun(deps, volume, crawl, work, { pointer, before: known ?? noCheck(volume.id) });
  try {
    const ended = await endOf(run);
    await recordEnd(run, ended);
    return { kind: 'updated', end: ended.end, ...(ended.problem === undefined ? {} : { problem: ended.problem }) };
  } finally {
    run.session.end();
    await run.lease.giveBack();
  }
};
