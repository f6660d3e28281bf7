import { Fault } from '#domain/errors.ts';
import {
  decideAbort,
  decideCommit,
  decidePin,
  decideRollBack,
  decideSeal,
  decideStage,
  decideValidation,
} from '#domain/volume/decide-release.ts';
import { decideHold, decideLease, decideResume } from '#domain/volume/decide-volume.ts';
import type { Release, ReleaseState } from '#domain/volume/release.ts';
import { decideExpiry } from '#domain/volume/retention.ts';
import type { VolumeView } from '#domain/volume/take-transition.ts';
import type { VolumeDecision, VolumeEvent, VolumePointer } from '#domain/volume/volume-state.ts';
import type { VolumeStore } from '#ports/volume-store.ts';
import { aTree, rootOf } from './a-volume.ts';

export const STEPS = [
  'stage',
  'seal',
  'validate',
  'reject',
  'commit',
  'commit-fenced',
  'lease',
  'roll-back',
  'hold',
  'resume',
  'abort',
  'pin',
  'expire',
] as const;
export type StepName = (typeof STEPS)[number];

export interface Step {
  readonly name: StepName;
  readonly tree: number;
}

/** What each of several actors does, one step after the other; the actors run at once. */
export type HistoryPlan = readonly (readonly Step[])[];

export interface HistoryResult {
  readonly violations: readonly string[];
  readonly moves: number;
  readonly refusals: number;
  /** Calls of which nobody knows whether they did anything: every reply was lost. */
  readonly lost: number;
}

const TREES = ['a', 'b', 'c'];
const POLICY = { graceMs: 0, retain: 1 };

type Decide = (view: VolumeView) => VolumeDecision;

export type Sabotage = (decide: Decide, name: StepName) => Decide;

const decisionFor = (name: StepName, tree: string, fence: number, releases: readonly Release[]): Decide => {
  switch (name) {
    case 'stage':
      return (view) => decideStage(view, aTree(tree));
    case 'seal':
      return decideSeal;
    case 'validate':
      return (view) => decideValidation(view, []);
    case 'reject':
      return (view) => decideValidation(view, [{ path: 'x', message: 'bad' }]);
    case 'commit':
      return (view) => decideCommit(view);
    case 'commit-fenced':
      return (view) => decideCommit(view, { fence });
    case 'lease':
      return (view) => decideLease(view, view.nowMs + 40);
    case 'roll-back':
      return (view) => decideRollBack(view, 'back');
    case 'hold':
      return (view) => decideHold(view, 'hold');
    case 'resume':
      return decideResume;
    case 'abort':
      return (view) => decideAbort(view, 'abort');
    case 'pin':
      return (view) => decidePin(view, view.nowMs % 2 === 0);
    case 'expire':
      return (view) => decideExpiry(view, POLICY, releases);
  }
};

interface Acknowledged {
  readonly actor: number;
  readonly version: number;
  readonly writeId: string;
}

interface Watched {
  readonly states: Map<string, ReleaseState>;
  readonly parents: Map<string, string | undefined>;
  current: string | undefined;
  held: boolean;
  lease: { untilMs: number; fence: number } | undefined;
}

const legal: Readonly<Record<string, readonly (ReleaseState | undefined)[]>> = {
  stage: [undefined, 'STAGING', 'SEALED', 'VALIDATED', 'ABORTED', 'REJECTED'],
  renew: ['SUPERSEDED'],
  seal: ['STAGING'],
  validate: ['SEALED'],
  reject: ['SEALED'],
  commit: ['VALIDATED', 'SUPERSEDED'],
  'roll-back': ['SUPERSEDED'],
  abort: ['STAGING', 'SEALED', 'VALIDATED'],
  expire: ['STAGING', 'SEALED', 'VALIDATED', 'SUPERSEDED'],
  pin: ['VALIDATED', 'CURRENT', 'SUPERSEDED'],
  unpin: ['VALIDATED', 'CURRENT', 'SUPERSEDED'],
};

const leadsTo: Readonly<Record<string, ReleaseState>> = {
  stage: 'STAGING',
  seal: 'SEALED',
  validate: 'VALIDATED',
  reject: 'REJECTED',
  commit: 'CURRENT',
  'roll-back': 'CURRENT',
  abort: 'ABORTED',
  expire: 'ABORTED',
};

/** One entry of the log against all before it, by rules that are written down here once more; what is wrong with it. */
const watch = (seen: Watched, event: VolumeEvent): readonly string[] => {
  const found: string[] = [];
  const { transition, release, before } = event;
  const complain = (what: string) => found.push(`version ${event.version}, ${transition}: ${what}`);
  if (transition === 'hold') seen.held = true;
  if (transition === 'resume') seen.held = false;
  if (transition === 'lease') seen.lease = { untilMs: event.atMs + 40, fence: (seen.lease?.fence ?? 0) + 1 };
  if (release === undefined) return found;
  const state = seen.states.get(release);
  if (!(legal[transition] ?? []).includes(state)) complain(`of a release that is ${state}`);
  if (transition === 'commit') {
    if (seen.held) complain('while held');
    if (seen.parents.get(release) !== seen.current) complain('over something else than its publisher saw');
  }
  if (transition === 'commit' || transition === 'roll-back') {
    if (before !== seen.current) complain('says that something else was current before');
    if (seen.current !== undefined) seen.states.set(seen.current, 'SUPERSEDED');
    seen.current = release;
    if (transition === 'roll-back') seen.held = true;
  }
  if (transition === 'stage' || transition === 'renew') seen.parents.set(release, seen.current);
  const next = leadsTo[transition];
  if (next !== undefined) seen.states.set(release, next);
  return found;
};

const compare = (seen: Watched, pointer: VolumePointer, releases: readonly Release[]): readonly string[] => {
  const found: string[] = [];
  if (pointer.current !== seen.current) found.push('the pointer names something else than the log');
  if ((pointer.hold !== undefined) !== seen.held) found.push('the hold is not that of the log');
  for (const { root, state } of releases)
    if (seen.states.get(root) !== state) found.push(`a release is ${state}, by the log ${seen.states.get(root)}`);
  if (releases.length !== seen.states.size) found.push('there are other releases than in the log');
  return found;
};

export const judge = async (
  calm: VolumeStore,
  volume: string,
  acknowledged: readonly Acknowledged[],
): Promise<readonly string[]> => {
  const log = (await calm.log(volume, 1_000)).toReversed();
  const seen: Watched = { states: new Map(), parents: new Map(), current: undefined, held: false, lease: undefined };
  const found = log.flatMap((event, at) => [
    ...(event.version === at + 1 ? [] : [`version ${event.version} in place ${at + 1}`]),
    ...watch(seen, event),
  ]);
  const pointer = await calm.pointer(volume);
  if (pointer.version !== log.length) found.push(`the pointer is at ${pointer.version}, the log at ${log.length}`);
  found.push(...compare(seen, pointer, await calm.releases(volume)));
  for (const { version, writeId } of acknowledged)
    if (log[version - 1]?.writeId !== writeId) found.push(`version ${version} was acknowledged and is somebody else's`);
  return found;
};

/** A reply that was lost is part of a history; a decision that can never be written is a violation of it. */
const faultOf = (error: unknown): 'lost' | Fault => {
  if (!(error instanceof Fault)) throw error;
  return (error.cause as { code?: string } | undefined)?.code === 'ECONNRESET' ? 'lost' : error;
};

/** Runs a plan against one volume, then reads the log as the serial history that it claims to be. */
export const runVolumeHistory = async (
  store: VolumeStore,
  calm: VolumeStore,
  volume: string,
  plan: HistoryPlan,
  sabotage: Sabotage = (decide) => decide,
): Promise<HistoryResult> => {
  const acknowledged: Acknowledged[] = [];
  const stuck: string[] = [];
  let [clock, refusals, moves, lost] = [0, 0, 0, 0];
  const act = async (actor: number, steps: readonly Step[]): Promise<void> => {
    let fence = 0;
    for (const { name, tree } of steps) {
      const root = rootOf(TREES[tree % TREES.length] ?? '');
      const releases = name === 'expire' ? await calm.releases(volume) : [];
      const decide = sabotage(decisionFor(name, TREES[tree % TREES.length] ?? '', fence, releases), name);
      const needsRelease = !['lease', 'hold', 'resume'].includes(name);
      const ask = { volume, release: needsRelease ? root : undefined };
      const [outcome = undefined] = await store
        .change([ask], (now) => {
          clock += 1;
          return decide({ ...now, nowMs: clock, by: `actor:${actor}` });
        })
        .catch((error: unknown) => {
          const fault = faultOf(error);
          if (fault === 'lost') lost += 1;
          else stuck.push(`${name}: ${fault.message}`);
          return [];
        });
      if (outcome?.decision.kind === 'refused') refusals += 1;
      if (outcome?.decision.kind !== 'change') continue;
      const { next, event } = outcome.decision.change;
      if (name === 'lease') fence = next.fence;
      if (event.before !== undefined || next.moves > outcome.now.pointer.moves) moves += 1;
      acknowledged.push({ actor, version: next.version, writeId: event.writeId });
    }
  };
  await Promise.all(plan.map((steps, actor) => act(actor, steps)));
  return { violations: [...stuck, ...(await judge(calm, volume, acknowledged))], moves, refusals, lost };
};
