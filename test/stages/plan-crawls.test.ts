import { describe, expect, it } from 'vitest';
import { planCrawls } from '../../functions/plan-crawls/plan-crawls.ts';
import { aHost, aManifest, anInventory, START } from '../support/a-network.ts';
import { Killed, killSwitch } from '../support/killed-at.ts';
import {
  memoryCrawlQueue,
  memoryInventoryStore,
  memoryLog,
  memoryManifestStore,
  memoryObservationStore,
  testClock,
} from '../support/memory-stores.ts';

const world = () => ({
  inventory: memoryInventoryStore(anInventory([aHost('a'), aHost('b'), aHost('off', { ownerActive: false })])),
  manifests: memoryManifestStore(),
  observations: memoryObservationStore(),
  queue: memoryCrawlQueue(),
  clock: testClock(START),
  log: memoryLog(),
});

const request = (host: string) => ({ host, category: 'linux', check: 'sample', generation: 1, plannedMs: START, basedOnMs: 0 });

describe('plan-crawls', () => {
  it('asks for nothing before the master was scanned', async () => {
    const deps = world();
    expect(await planCrawls(deps)).toEqual({ kind: 'planned', requests: 0 });
    expect(deps.queue.sent).toEqual([]);
  });

  it('sends what is due', async () => {
    const deps = world();
    await deps.manifests.publish(aManifest(), undefined, START);
    expect(await planCrawls(deps)).toEqual({ kind: 'planned', requests: 2 });
    expect(deps.queue.sent).toEqual([request('a'), request('b')]);
  });

  it('sends the same again after it was killed at any call', async () => {
    const whole = killSwitch(0, 'after');
    for (let at = 1; at === 1 || at <= whole.calls(); at += 1) {
      for (const side of ['before', 'after'] as const) {
        const deps = world();
        await deps.manifests.publish(aManifest(), undefined, START);
        const kill = at === 1 && side === 'before' && whole.calls() === 0 ? whole : killSwitch(at, side);
        const { inventory, manifests, observations, queue } = deps;
        const mortal = {
          ...deps,
          inventory: kill.wrap(inventory),
          manifests: kill.wrap(manifests),
          observations: kill.wrap(observations),
          queue: kill.wrap(queue),
        };
        if (kill === whole) await planCrawls(mortal);
        else await expect(planCrawls(mortal)).rejects.toBeInstanceOf(Killed);
        await planCrawls(deps);
        expect(deps.queue.sent.slice(-2)).toEqual([request('a'), request('b')]);
      }
    }
    expect(whole.calls()).toBe(4);
  });
});
