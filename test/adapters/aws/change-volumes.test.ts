import { expect, test } from 'vitest';
import { changeVolumes } from '#adapters/aws/change-volumes.ts';
import { Fault } from '#domain/errors.ts';
import { decideRollBack } from '#domain/volume/decide-release.ts';
import type { Release, ReleaseState } from '#domain/volume/release.ts';
import { newPointer, type VolumeChange } from '#domain/volume/volume-state.ts';
import { aTree, rootOf, viewOf } from '../../support/a-volume.ts';

const release = (name: string, state: ReleaseState): Release => ({
  volume: 'v',
  sequence: 1,
  ...aTree(name),
  state,
  createdMs: 0,
  createdBy: 'user:ann',
  sinceMs: 0,
  pinned: false,
});

const pointerTo = (name: string, version: number) => ({ ...newPointer('v'), version, current: rootOf(name) });

test('decides from one moment, though the pointer moved between the reads', async () => {
  const written: VolumeChange[] = [];
  const pointers = [pointerTo('a', 1), pointerTo('b', 2)];
  const change = changeVolumes({
    pointer: async () => pointers.shift() ?? pointerTo('b', 2),
    // As after the move, at which the first pointer was old.
    release: async (_, root) => release(root === rootOf('a') ? 'a' : 'b', root === rootOf('a') ? 'SUPERSEDED' : 'CURRENT'),
    write: async (changes) => {
      written.push(...changes);
      return { kind: 'written' };
    },
  });
  await change([{ volume: 'v', release: rootOf('a') }], (now) => decideRollBack(viewOf(now), 'back'));
  expect(written.map(({ seen, releases }) => [seen, releases.map(({ next }) => [next.root, next.state])])).toEqual([
    [
      2,
      [
        [rootOf('a'), 'CURRENT'],
        [rootOf('b'), 'SUPERSEDED'],
      ],
    ],
  ]);
});

test('ends when others are always faster', async () => {
  const change = changeVolumes({
    pointer: async () => pointerTo('b', 2),
    release: async (_, root) => release(root === rootOf('a') ? 'a' : 'b', root === rootOf('a') ? 'SUPERSEDED' : 'CURRENT'),
    write: async () => ({ kind: 'refused' }),
  });
  await expect(change([{ volume: 'v', release: rootOf('a') }], (now) => decideRollBack(viewOf(now), 'back'))).rejects.toThrow(
    Fault,
  );
});
