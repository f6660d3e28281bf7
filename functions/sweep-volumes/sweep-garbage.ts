import { allEnded } from '#domain/all-ended.ts';
import type { EpochMs } from '#domain/inventory/inventory.ts';
import { isAbandoned, isOldEnough, mayStillRemove } from '#domain/volume/garbage.ts';
import type { Clock } from '#ports/clock.ts';
import type { VolumeDooms } from '#ports/volume-dooms.ts';
import type { StoredObject, VolumeGarbage } from '#ports/volume-garbage.ts';
import type { VolumeSweep, VolumeSweeps } from '#ports/volume-sweeps.ts';
import type { NeededObjects } from './needed-objects.ts';

export interface SweepGarbageDeps {
  readonly garbage: VolumeGarbage;
  readonly dooms: Pick<VolumeDooms, 'doom' | 'lift' | 'list'>;
  readonly sweeps: Pick<VolumeSweeps, 'put'>;
  readonly clock: Clock;
  /** A text that was never returned before. */
  readonly newId: () => string;
  /** Beginnings of hashes that together are all of them. */
  readonly prefixes: readonly string[];
}

/** Listed at once, and done together. */
const GROUP = 16;
/** Objects that are doomed at a time: publishers may have to wait for as long as it takes to remove so many. */
const ROUND = 1_000;

interface Sweeping {
  readonly deps: SweepGarbageDeps;
  readonly needed: NeededObjects;
  /** This run of the function: another one that goes on with the sweep has other dooms. */
  readonly by: string;
  readonly stopMs: EpochMs;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const candidatesOf = async ({ deps, needed }: Sweeping, prefix: string) => {
  const candidates: StoredObject[] = [];
  let looked = 0;
  for await (const page of deps.garbage.list(prefix)) {
    const nowMs = deps.clock.now();
    looked += page.length;
    candidates.push(...page.filter(({ sha256, storedMs }) => isOldEnough(storedMs, nowMs) && !needed.has(sha256)));
  }
  return { looked, candidates };
};

/** Of whoever died: the objects are gone, or looked at as any other. */
const liftAbandoned = async ({ deps }: Sweeping, prefix: string): Promise<void> => {
  for (const { sha256, by, atMs } of await deps.dooms.list(prefix))
    if (isAbandoned(atMs, deps.clock.now())) await deps.dooms.lift(sha256, by);
};

/** Whether it is gone. */
const settle = async ({ deps, needed, by }: Sweeping, { sha256 }: StoredObject, doomedMs: EpochMs): Promise<boolean> => {
  const removal = !needed.has(sha256) && mayStillRemove(doomedMs, deps.clock.now()) ? await deps.garbage.remove(sha256) : 'none';
  // With a request to remove it under way nobody may put it again: the doom stays until it counts for nobody.
  if (removal !== 'uncertain') await deps.dooms.lift(sha256, by);
  return removal !== 'none';
};

type Round = Pick<VolumeSweep, 'doomed' | 'removed' | 'spared' | 'bytes' | 'problem'>;

/** Dooms all of them, then looks at the releases, then removes what still nobody needs. */
const sweepRound = async (sweeping: Sweeping, candidates: readonly StoredObject[]): Promise<Round> => {
  const { deps, needed, by } = sweeping;
  const doomedMs = deps.clock.now();
  const dooms = await allEnded(candidates, ({ sha256 }) => deps.dooms.doom({ sha256, by, atMs: deps.clock.now() }));
  const mine = candidates.filter((_, at) => dooms[at] === 'doomed');
  const look = await needed.look();
  if (look.kind !== 'known') {
    await allEnded(mine, ({ sha256 }) => deps.dooms.lift(sha256, by));
    const problem = look.kind === 'stopped' ? { problem: look.problem } : {};
    return { doomed: candidates.length, removed: 0, spared: candidates.length, bytes: 0, ...problem };
  }
  const gone = await allEnded(mine, (object) => settle(sweeping, object, doomedMs));
  const removed = mine.filter((_, at) => gone[at]);
  return {
    doomed: candidates.length,
    removed: removed.length,
    spared: candidates.length - removed.length,
    bytes: sum(removed.map(({ sizeBytes }) => sizeBytes)),
  };
};

/** What a planned sweep says of them. */
const plannedRound = (candidates: readonly StoredObject[]): Round => ({
  doomed: 0,
  removed: candidates.length,
  spared: 0,
  bytes: sum(candidates.map(({ sizeBytes }) => sizeBytes)),
});

const withRound = (sweep: VolumeSweep, round: Round): VolumeSweep => ({
  ...sweep,
  doomed: sweep.doomed + round.doomed,
  removed: sweep.removed + round.removed,
  spared: sweep.spared + round.spared,
  bytes: sweep.bytes + round.bytes,
  ...(round.problem !== undefined && { problem: round.problem }),
});

const chunksOf = <Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));

const isOver = ({ deps, stopMs }: Sweeping): boolean => deps.clock.now() >= stopMs;

/** One group of prefixes. Not counted as done when a problem or the time ends it: then it is done again, as far as there is something left. */
const sweepGroup = async (sweeping: Sweeping, sweep: VolumeSweep, group: readonly string[]): Promise<VolumeSweep> => {
  const { deps } = sweeping;
  const found = await allEnded(group, (prefix) => candidatesOf(sweeping, prefix));
  if (sweep.mode === 'done') await allEnded(group, (prefix) => liftAbandoned(sweeping, prefix));
  let now = sweep;
  for (const candidates of chunksOf(
    found.flatMap((one) => one.candidates),
    ROUND,
  )) {
    if (isOver(sweeping)) return now;
    now = withRound(now, sweep.mode === 'done' ? await sweepRound(sweeping, candidates) : plannedRound(candidates));
    await deps.sweeps.put(now);
    if (now.problem !== undefined) return now;
  }
  return { ...now, prefixes: now.prefixes + group.length, looked: now.looked + sum(found.map(({ looked }) => looked)) };
};

/** From where the sweep is, until all is done, the time is over, or there is a problem. */
export const sweepGarbage = async (
  deps: SweepGarbageDeps,
  needed: NeededObjects,
  sweep: VolumeSweep,
  stopMs: EpochMs,
): Promise<VolumeSweep> => {
  const sweeping = { deps, needed, by: deps.newId(), stopMs };
  let now = sweep;
  await deps.sweeps.put(now);
  const look = await needed.look();
  if (look.kind === 'stopped') return { ...now, problem: look.problem };
  // Next time it would be the same.
  if (look.kind === 'late') return { ...now, problem: 'there was no time to read the trees of all releases' };
  while (now.prefixes < deps.prefixes.length && !isOver(sweeping)) {
    const { prefixes } = now;
    now = await sweepGroup(sweeping, now, deps.prefixes.slice(prefixes, prefixes + GROUP));
    await deps.sweeps.put(now);
    if (now.prefixes === prefixes) return now;
  }
  return now;
};
