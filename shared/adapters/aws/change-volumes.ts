import { randomUUID } from 'node:crypto';
import { Fault } from '#domain/errors.ts';
import type { VolumeAsk, VolumeNow, VolumeStore } from '#ports/volume-store.ts';

/** Each time somebody else's write was done, or a transaction was in the way. */
const MOST_TRIES = 15;

/** Undefined when somebody moved the pointer between the reads. */
const readNow = async (
  { pointer, release }: Pick<VolumeStore, 'pointer' | 'release'>,
  { volume, release: asked }: VolumeAsk,
  writeId: string,
): Promise<VolumeNow | undefined> => {
  // The pointer first: every write to a release raises its version, so a release that is newer than it is found out by the write.
  const now = await pointer(volume);
  const root = asked === 'previous' ? now.previous : asked;
  const [target, current] = await Promise.all([
    root === undefined || root === now.current ? undefined : release(volume, root),
    now.current === undefined ? undefined : release(volume, now.current),
  ]);
  if (now.current !== undefined && current?.state !== 'CURRENT') return undefined;
  return { pointer: now, target: root === now.current ? current : target, current, writeId };
};

const isNow = (now: VolumeNow | undefined): now is VolumeNow => now !== undefined;

export const changeVolumes =
  (store: Pick<VolumeStore, 'pointer' | 'release' | 'write'>): VolumeStore['change'] =>
  async (asks, decide) => {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const writeId = randomUUID();
      const nows = await Promise.all(asks.map((ask) => readNow(store, ask, writeId)));
      if (!nows.every(isNow)) continue;
      const outcomes = nows.map((now, at) => ({ now, decision: decide(now, at) }));
      const isRefused = outcomes.some(({ decision }) => decision.kind === 'refused');
      const changes = outcomes.flatMap(({ decision }) => (decision.kind === 'change' ? [decision.change] : []));
      if (isRefused || changes.length === 0) return outcomes;
      if ((await store.write(changes)).kind === 'written') return outcomes;
    }
    const names = asks.map(({ volume }) => volume).join(', ');
    throw new Fault(`${names} could not be written in ${MOST_TRIES} tries`);
  };
