import { expect, test } from 'vitest';
import { WireError } from '#domain/errors.ts';
import { printVolumeWork } from '#wire/volume/volume-work.ts';
import { byMessage, bySchedule, parseUpdateEvent, type TriggerDeps } from '../../../functions/update-volume/update-triggers.ts';
import { useEmulators } from '../../support/emulators.ts';
import { answered, memoryUpstream } from '../../support/memory-upstream.ts';
import { updateWorld } from '../../support/update-setup.ts';

const emulators = useEmulators();

test('a schedule plans, a message or a name updates, and each says in metrics how that went', async () => {
  const upstream = memoryUpstream();
  upstream.publish({ a: 'a' });
  const peers = () => ({ http: upstream, lister: { list: () => Promise.reject(new Error('not asked')) } });
  const { deps, clock } = await updateWorld(emulators, { upstream: { url: upstream.url } }, peers);
  const counts: string[] = [];
  const counting: TriggerDeps = { ...deps, count: (name, value) => void counts.push(`${name} ${value}`) };
  const counted = (): readonly string[] => counts.splice(0);

  expect(await bySchedule(counting)(parseUpdateEvent({ id: 'x', time: 'y' }))).toEqual({ kind: 'planned', volumes: ['v'] });
  expect(counted()).toEqual(['VolumeUpdateRuns 1']);
  const [message] = deps.updateQueue.take();
  if (message === undefined) throw new Error('nothing was asked for');
  expect(await byMessage(counting)(printVolumeWork(message))).toEqual({ kind: 'updated', end: 'sealing' });
  expect(counted()).toEqual(['VolumeUpdates 1', 'VolumeUpdateFailures 0']);
  expect(await byMessage(counting)(printVolumeWork({ ...message, volume: 'other' }))).toEqual({ kind: 'not-wanted' });
  expect(counted()).toEqual(['VolumeUpdates 0', 'VolumeUpdateFailures 0']);
  clock.advance(1_000);
  upstream.onRequest = () => answered(401);
  expect(await bySchedule(counting)(parseUpdateEvent({ volume: 'v' }))).toMatchObject({ end: 'upstream_unreachable' });
  expect(counted()).toEqual(['VolumeUpdates 1', 'VolumeUpdateFailures 1']);
});

test('an event of another kind is refused', () => {
  expect(parseUpdateEvent(undefined)).toEqual({ volume: undefined });
  for (const event of ['x', { volume: '' }, { volume: 1 }]) expect(() => parseUpdateEvent(event)).toThrow(WireError);
});
