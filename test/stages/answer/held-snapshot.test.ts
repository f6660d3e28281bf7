import { describe, expect, it } from 'vitest';
import { Fault, WireError } from '#domain/errors.ts';
import type { SnapshotPointer } from '#domain/snapshot/document.ts';
import type { PointerPoll, SnapshotSource } from '#ports/snapshot-store.ts';
import { openSnapshot } from '#wire/snapshot/open-snapshot.ts';
import { printSnapshot } from '#wire/snapshot/print-snapshot.ts';
import { heldSnapshot } from '../../../functions/answer/held-snapshot.ts';
import { sketchNetwork } from '../../support/snapshot-document.ts';

const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const bytes = printSnapshot(sketchNetwork({ hosts: ['a DE'] }));
const pointerTo = (name: string, sequence: number): SnapshotPointer => ({
  name,
  sequence,
  publishedMs: 0,
  sizeBytes: bytes.length,
});

interface World {
  nowMs: number;
  published: SnapshotPointer | undefined;
  pollFails: boolean;
  readonly broken: Set<string>;
  readonly calls: string[];
}

const inWorld = () => {
  const world: World = { nowMs: 1_000_000, published: undefined, pollFails: false, broken: new Set(), calls: [] };
  const source: SnapshotSource = {
    poll: async (known): Promise<PointerPoll> => {
      world.calls.push('poll');
      if (world.pollFails) throw new Fault('S3 is away');
      if (world.published === undefined) return { kind: 'none' };
      const version = `v${world.published.sequence}`;
      return version === known ? { kind: 'unchanged' } : { kind: 'changed', pointer: world.published, version };
    },
    fetch: async ({ name }) => {
      world.calls.push(`fetch ${name}`);
      if (world.broken.has(name)) throw new WireError('damaged');
      return name === 'garbage' ? new Uint8Array(100) : bytes;
    },
  };
  const held = heldSnapshot({ source, open: openSnapshot, clock: { now: () => world.nowMs }, log: quiet });
  const name = async (): Promise<string | undefined> => (await held.current())?.pointer.name;
  return { world, held, name };
};

describe('the held snapshot', () => {
  it('is what the pointer names, looked up again after three seconds', async () => {
    const { world, name } = inWorld();
    expect(await name()).toBeUndefined();
    world.published = pointerTo('one', 1);
    world.nowMs += 2_999;
    expect(await name()).toBeUndefined();
    world.nowMs += 1;
    expect(await name()).toBe('one');
    world.published = pointerTo('two', 2);
    world.nowMs += 3_000;
    expect(await name()).toBe('two');
    world.nowMs += 3_000;
    expect(await name()).toBe('two');
    expect(world.calls).toEqual(['poll', 'poll', 'fetch one', 'poll', 'fetch two', 'poll']);
  });

  it('is asked for once by many requests at the same moment', async () => {
    const { world, name } = inWorld();
    world.published = pointerTo('one', 1);
    expect(await Promise.all([name(), name(), name()])).toEqual(['one', 'one', 'one']);
    expect(world.calls).toEqual(['poll', 'fetch one']);
  });

  it('stays when the pointer cannot be read, and says how long ago it could', async () => {
    const { world, held, name } = inWorld();
    world.published = pointerTo('one', 1);
    await name();
    const readMs = world.nowMs;
    world.pollFails = true;
    world.nowMs += 60_000;
    expect(await name()).toBe('one');
    expect(held.confirmedMs()).toBe(readMs);
  });

  it.each(['damaged', 'garbage'])('stays when the next one is %s, which is left alone for half a minute', async (next) => {
    const { world, name } = inWorld();
    world.published = pointerTo('one', 1);
    await name();
    if (next === 'damaged') world.broken.add(next);
    world.published = pointerTo(next, 2);
    for (const stepMs of [3_000, 3_000, 3_000]) {
      world.nowMs += stepMs;
      expect(await name()).toBe('one');
    }
    expect(world.calls.filter((call) => call.startsWith('fetch'))).toEqual(['fetch one', `fetch ${next}`]);
    world.nowMs += 30_000;
    await name();
    expect(world.calls.filter((call) => call.startsWith('fetch'))).toHaveLength(3);
  });

  it('takes the next one although the one before it was damaged', async () => {
    const { world, name } = inWorld();
    world.broken.add('bad');
    world.published = pointerTo('bad', 1);
    expect(await name()).toBeUndefined();
    world.published = pointerTo('good', 2);
    world.nowMs += 3_000;
    expect(await name()).toBe('good');
  });

  it('is not loaded again when the pointer moves to the same snapshot', async () => {
    const { world, held, name } = inWorld();
    world.published = pointerTo('one', 1);
    await name();
    world.published = pointerTo('one', 2);
    world.nowMs += 3_000;
    expect((await held.current())?.pointer.sequence).toBe(2);
    expect(world.calls).toEqual(['poll', 'fetch one', 'poll']);
  });
});
