import { decideCommit, decideSeal, decideStage, decideValidation } from '#domain/volume/decide-release.ts';
import type { VolumeView } from '#domain/volume/take-transition.ts';
import { DEFAULT_GRACE_MS, DEFAULT_RETAIN, DEFAULT_SHRINK_SHARE, type Volume } from '#domain/volume/volume.ts';
import { newPointer, type VolumeChange, type VolumeDecision } from '#domain/volume/volume-state.ts';
import type { VolumeNow, VolumeStore } from '#ports/volume-store.ts';

/** As the network file declares one that says no more than its name. */
export const aVolume = (id: string, fields: Partial<Volume> = {}): Volume => ({
  id,
  mount: id,
  type: 'files',
  maximumShrinkShare: DEFAULT_SHRINK_SHARE,
  retain: DEFAULT_RETAIN,
  graceMs: DEFAULT_GRACE_MS,
  ...fields,
});

/** A root that is easy to tell from others in a message. */
export const rootOf = (name: string): string => Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64);

export const aTree = (name: string, files = 1) => ({ root: rootOf(name), files, bytes: files * 10 });

export const NOTHING_YET: VolumeNow = {
  pointer: newPointer('v'),
  target: undefined,
  current: undefined,
  writeId: 'w',
};

export const viewOf = (now: VolumeNow, nowMs = 1_000, by = 'user:ann'): VolumeView => ({ ...now, nowMs, by });

export const changeOf = (decision: VolumeDecision): VolumeChange => {
  if (decision.kind !== 'change') throw new Error(`not a change: ${JSON.stringify(decision)}`);
  return decision.change;
};

type Decide = (view: VolumeView) => VolumeDecision;

export interface Asked {
  readonly volume?: string;
  readonly nowMs?: number;
  readonly by?: string;
}

/** One decision about one release of a volume, written. */
export const ask = async (
  store: VolumeStore,
  release: string | undefined,
  decide: Decide,
  { volume = 'v', nowMs = 1_000, by = 'user:ann' }: Asked = {},
): Promise<VolumeDecision> => {
  const [outcome] = await store.change([{ volume, release }], (now) => decide({ ...now, nowMs, by }));
  if (outcome === undefined) throw new Error('no outcome');
  return outcome.decision;
};

/** From nothing to validated. */
export const prepare = async (store: VolumeStore, name: string, asked: Asked = {}): Promise<void> => {
  const tree = aTree(name);
  await ask(store, tree.root, (view) => decideStage(view, tree), asked);
  await ask(store, tree.root, decideSeal, asked);
  await ask(store, tree.root, (view) => decideValidation(view, []), asked);
};

/** From nothing to current. */
export const releaseNow = async (store: VolumeStore, name: string, asked: Asked = {}): Promise<void> => {
  await prepare(store, name, asked);
  await ask(store, rootOf(name), decideCommit, asked);
};
