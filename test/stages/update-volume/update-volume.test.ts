import { describe, expect, test } from 'vitest';
import { decideAbort, decideCommit, decideRollBack } from '#domain/volume/decide-release.ts';
import { decideHold, decideLease, decideResume } from '#domain/volume/decide-volume.ts';
import type { HttpRequest } from '#ports/http-peer.ts';
import { planUpdates } from '../../../functions/update-volume/plan-updates.ts';
import { ask } from '../../support/a-volume.ts';
import { useEmulators } from '../../support/emulators.ts';
import { answered, type MemoryUpstream, memoryUpstream } from '../../support/memory-upstream.ts';
import { hashOf } from '../../support/tree-arbitrary.ts';
import { type Declared, EVERY_MS, START, type UpdateWorld, updateWorld } from '../../support/update-setup.ts';

const emulators = useEmulators();

interface Copied extends UpdateWorld {
  readonly upstream: MemoryUpstream;
  readonly declared: Declared;
  readonly transitions: (limit: number) => Promise<readonly string[]>;
  readonly root: () => Promise<string | undefined>;
}

const world = async (declared: Partial<Declared['upstream']> & { readonly shrink?: number } = {}): Promise<Copied> => {
  const { shrink = 0.9, ...rest } = declared;
  const upstream = memoryUpstream();
  const volume: Declared = { maximumShrinkShare: shrink, upstream: { url: upstream.url, ...rest } };
  const made = await updateWorld(emulators, volume, () => ({
    http: upstream,
    lister: { list: () => Promise.reject(new Error()) },
  }));
  upstream.publish({ a: 'a of 1', b: 'b of 1' });
  return {
    ...made,
    upstream,
    declared: volume,
    transitions: async (limit) => (await made.store.log('v', limit)).map(({ transition }) => transition).toReversed(),
    root: async () => (await made.store.pointer('v')).current,
  };
};

const known = async ({ deps }: Copied) => (await deps.checks.read('v')) ?? undefined;

describe('one update', () => {
  test('copies, has it checked, and releases it in the next run', async () => {
    const it = await world();
    expect(await it.update()).toEqual({ kind: 'updated', end: 'sealing' });
    expect(await it.update()).toEqual({ kind: 'updated', end: 'sealing' });
    expect(await it.check()).toEqual(['validated']);
    it.clock.advance(1);
    expect(await it.update()).toEqual({ kind: 'updated', end: 'released' });
    expect([...(await it.entries()).keys()]).toEqual(['SHA256SUMS', 'a', 'b']);
    expect(await it.text('a')).toBe('a of 1');
    expect(await it.transitions(20)).toEqual(['lease', 'stage', 'give-back', 'seal', 'validate', 'lease', 'commit', 'give-back']);
    expect(await known(it)).toEqual({
      volume: 'v',
      startedMs: START,
      end: 'released',
      failures: 0,
      checkedMs: START,
      changedMs: START,
      releasedMs: START + 1,
      askedMs: START,
      source: expect.stringMatching(/^[0-9a-f]{64}$/),
      heads: [{ path: 'SHA256SUMS', sha256: hashOf(it.upstream.files.get('SHA256SUMS') ?? ''), etag: expect.any(String) }],
      root: await it.root(),
    });
  });

  test('of what did not change writes nothing but that it looked', async () => {
    const it = await world();
    await it.follow();
    const { version } = await it.store.pointer('v');
    it.upstream.asked.length = 0;
    expect(await it.update()).toEqual({ kind: 'not-due' });
    expect(await it.follow()).toEqual(['unchanged']);
    expect(it.upstream.asked).toEqual(['GET SHA256SUMS']);
    expect((await it.store.pointer('v')).version).toBe(version);
    expect(await known(it)).toMatchObject({ end: 'unchanged', checkedMs: it.clock.now(), changedMs: START + EVERY_MS });
  });

  test('of a list that says the same in another order is no new release of the files, but of the list', async () => {
    const it = await world();
    await it.follow();
    const list = it.upstream.files.get('SHA256SUMS') ?? '';
    it.upstream.files.set('SHA256SUMS', list.split('\n').toReversed().join('\n').trimStart());
    it.upstream.asked.length = 0;
    expect(await it.follow()).toEqual(['sealing', 'released']);
    expect(it.upstream.asked.filter((line) => /[ab]$/.test(line))).toEqual([]);
  });

  test('waits for a releaser where the volume wants that', async () => {
    const it = await world({ release: false });
    expect(await it.follow()).toEqual(['sealing', 'validated']);
    expect(await it.root()).toBeUndefined();
    expect(await it.follow()).toEqual(['validated']);
    const { root } = (await known(it)) ?? {};
    // Expired, as nobody released it in time.
    await ask(it.store, root, (view) => decideAbort(view, 'too late'));
    expect(await it.update()).toEqual({ kind: 'not-due' });
    expect(await it.follow()).toEqual(['sealing', 'validated']);
    expect((await known(it))?.failures).toBe(0);
    await ask(it.store, root, (view) => decideCommit(view), { nowMs: it.clock.now() });
    expect(await it.follow()).toEqual(['unchanged']);
  });

  test('takes notice when what is declared changes, though upstream does not', async () => {
    const it = await world({ shrink: 1 });
    await it.follow();
    it.declare({ ...it.declared, upstream: { ...it.declared.upstream, excludes: ['b'] } });
    expect(await it.follow()).toEqual(['sealing', 'released']);
    expect([...(await it.entries()).keys()]).toEqual(['SHA256SUMS', 'a']);
  });

  test('of a volume that nobody declares is not wanted', async () => {
    const it = await world();
    const none = { ...it.deps, content: { read: async () => ({ ...(await it.deps.content.read()), rules: { volumes: [] } }) } };
    expect(await it.update('schedule', none as never)).toEqual({ kind: 'not-wanted' });
  });
});

describe('what is in the way', () => {
  test('a hold: nothing is asked and nothing is staged, until somebody resumes', async () => {
    const it = await world();
    await ask(it.store, undefined, (view) => decideHold(view, 'not today'));
    expect(await it.update()).toEqual({ kind: 'updated', end: 'held', problem: 'user:ann: not today' });
    expect([it.upstream.asked, (await known(it))?.checkedMs]).toEqual([[], START]);
    await ask(it.store, undefined, decideResume);
    expect(await it.follow()).toEqual(['sealing', 'released']);
  });

  test('a hold that comes while a release is checked keeps it from being released', async () => {
    const it = await world();
    await it.update();
    await it.check();
    await ask(it.store, undefined, (view) => decideHold(view, 'wait'));
    expect(await it.update()).toMatchObject({ end: 'held' });
    expect(await it.root()).toBeUndefined();
    await ask(it.store, undefined, decideResume);
    expect(await it.follow()).toEqual(['released']);
  });

  test('somebody who publishes: the update is busy, and comes again', async () => {
    const it = await world();
    await ask(it.store, undefined, (view) => decideLease(view, START + 60_000), { nowMs: START });
    expect(await it.update()).toEqual({ kind: 'updated', end: 'busy', problem: 'user:ann is publishing' });
    it.clock.advance(60_000);
    expect(await it.update()).toMatchObject({ end: 'sealing' });
  });

  test('another run: of two at once one copies, and the other is busy', async () => {
    const it = await world();
    const ends = await Promise.all([it.update('user:ann'), it.update('user:ben')]);
    expect(ends.map((outcome) => outcome.kind === 'updated' && outcome.end).toSorted()).toEqual(['busy', 'sealing']);
    expect((await it.store.releases('v')).map(({ state }) => state)).toEqual(['STAGING']);
    await it.check();
    expect(await it.update()).toMatchObject({ end: 'released' });
  });

  test('a successor: a run that slept through the end of its lease stops', async () => {
    const it = await world();
    it.upstream.onRequest = async (path) => {
      if (path !== 'b') return undefined;
      it.clock.advance(10 * 60_000);
      await ask(it.store, undefined, (view) => decideLease(view, it.clock.now() + 60_000), { nowMs: it.clock.now() });
      return undefined;
    };
    expect(await it.update()).toEqual({ kind: 'updated', end: 'lost', problem: 'somebody else publishes by now' });
  });

  test('a sweeper: what it doomed is waited for, and copied when it is gone', async () => {
    const it = await world({ release: false });
    await it.deps.objects.put(hashOf('a of 1'), new TextEncoder().encode('a of 1'));
    const doom = { sha256: hashOf('a of 1'), by: 'sweep', atMs: START };
    await it.deps.dooms.doom(doom);
    let looks = 0;
    const pause = async (): Promise<void> => {
      looks += 1;
      if (looks === 3) await it.deps.dooms.lift(doom.sha256, 'sweep');
    };
    expect(await it.update('schedule', { ...it.deps, pause })).toMatchObject({ end: 'sealing' });
    expect(looks).toBe(3);
    expect(it.upstream.asked).not.toContain('GET a');
  });

  test('a sweeper that does not come to an end: the run gives up, and another begins soon', async () => {
    const it = await world();
    await it.deps.dooms.doom({ sha256: hashOf('a of 1'), by: 'sweep', atMs: START });
    expect(await it.update()).toEqual({
      kind: 'updated',
      end: 'busy',
      problem: '1 objects are about to be removed or spared',
    });
    await it.deps.dooms.lift(hashOf('a of 1'), 'sweep');
    expect(await it.update()).toMatchObject({ end: 'sealing' });
  });
});

describe('what becomes of a release', () => {
  const reject = (it: Copied): void => it.upstream.publish({ 'a.sha256': `${hashOf('else')}  a\n`, a: 'a of 2' });

  test('one that is rejected is not made again until upstream changes, or somebody asks for it', async () => {
    const it = await world();
    await it.follow();
    reject(it);
    expect(await it.follow()).toEqual(['sealing', 'rejected']);
    expect(await known(it)).toMatchObject({ failures: 1, problem: expect.stringContaining('a is sha256-') });
    const { version } = await it.store.pointer('v');
    expect(await it.follow()).toEqual(['rejected']);
    expect([(await it.store.pointer('v')).version, (await known(it))?.failures]).toEqual([version, 2]);
    expect(await it.update('user:ann')).toMatchObject({ end: 'sealing' });
    expect(await it.check()).toEqual(['rejected']);
    expect(await it.update()).toMatchObject({ end: 'rejected' });
    it.upstream.publish({ a: 'a of 3' });
    expect(await it.follow()).toEqual(['sealing', 'released']);
    expect((await known(it))?.failures).toBe(0);
  });

  test('one that was aborted is made again', async () => {
    const it = await world();
    await it.update();
    const { root } = (await known(it)) ?? {};
    await ask(it.store, root, (view) => decideAbort(view, 'not stored: a'));
    expect(await it.update()).toMatchObject({ end: 'aborted' });
    expect(await it.follow()).toEqual(['sealing', 'released']);
  });

  test('one over which something else became current is checked again over that', async () => {
    const it = await world();
    await it.follow();
    it.upstream.publish({ a: 'a of 2', b: 'b of 2' });
    it.clock.advance(EVERY_MS);
    await it.update();
    await it.check();
    const others = await world();
    others.upstream.publish({ a: 'other' });
    const rival = { ...it, deps: { ...it.deps, peers: others.deps.peers, checks: others.deps.checks } };
    await it.update('user:ann', rival.deps);
    await it.check();
    await it.update('user:ann', rival.deps);
    expect(await it.text('a')).toBe('other');
    it.clock.advance(1);
    expect(await it.update()).toMatchObject({ end: 'sealing' });
    expect(await it.check()).toEqual(['validated']);
    expect(await it.update()).toMatchObject({ end: 'released' });
    expect(await it.text('a')).toBe('a of 2');
  });

  test('one that was rolled back comes again when somebody resumes, without a copy', async () => {
    const it = await world();
    await it.follow();
    const first = await it.root();
    it.upstream.publish({ a: 'a of 2', b: 'b of 2' });
    await it.follow();
    await ask(it.store, first, (view) => decideRollBack(view, 'bad'));
    expect(await it.follow()).toEqual(['held']);
    await ask(it.store, undefined, decideResume);
    it.upstream.asked.length = 0;
    expect(await it.follow()).toEqual(['released']);
    expect(await it.text('a')).toBe('a of 2');
    expect(it.upstream.asked.filter((line) => /[ab]$/.test(line))).toEqual([]);
  });

  test('one whose check was lost is asked for again, after a time', async () => {
    const it = await world();
    await it.update();
    expect(it.deps.checkQueue.take()).toHaveLength(1);
    it.clock.advance(1_799_999);
    expect(await it.update()).toMatchObject({ end: 'sealing' });
    expect(it.deps.checkQueue.take()).toHaveLength(0);
    it.clock.advance(1);
    expect(await it.update()).toMatchObject({ end: 'sealing' });
    expect(await it.check()).toEqual(['validated']);
    expect(await it.update()).toMatchObject({ end: 'released' });
  });

  test('one that a guard would refuse is not even copied', async () => {
    const it = await world({ shrink: 0.2 });
    await it.follow();
    it.upstream.publish({ a: 'a of 2' });
    it.upstream.asked.length = 0;
    it.clock.advance(EVERY_MS);
    expect(await it.update()).toEqual({
      kind: 'updated',
      end: 'guarded',
      problem: expect.stringContaining('what upstream has shrinks from 3 files to 2'),
    });
    expect((await it.store.releases('v')).map(({ state }) => state)).toEqual(['CURRENT']);
  });
});

describe('time and change', () => {
  test('a run whose time is over goes on in another, which copies nothing again', async () => {
    const it = await world();
    it.upstream.publish(Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`f${at}`, `file ${at}`])));
    it.upstream.onRequest = (path) => {
      if (path.startsWith('f')) it.clock.advance(250_000);
      return undefined;
    };
    const ends: string[] = [];
    for (let runs = 0; runs < 9 && ends.at(-1) !== 'sealing'; runs += 1) {
      const outcome = await it.update(it.deps.updateQueue.take()[0]?.by ?? 'schedule');
      ends.push(outcome.kind === 'updated' ? outcome.end : outcome.kind);
    }
    expect(ends).toEqual(['paused', 'paused', 'sealing']);
    expect(it.upstream.asked.filter((line) => /f\d$/.test(line)).toSorted()).toEqual(
      Array.from({ length: 9 }, (_, at) => `GET f${at}`),
    );
    expect(await it.check()).toEqual(['validated']);
  });

  test('a file that turns out to be large comes after the others, alone', async () => {
    const it = await world();
    it.upstream.publish({ a: 'a', b: 'b', c: 'c', d: 'd' });
    const limits: number[] = [];
    const { stream } = it.upstream;
    const http = {
      ...it.upstream,
      stream: (request: HttpRequest, onChunk: (chunk: Uint8Array) => void | Promise<void>) => {
        if (request.url.endsWith('/a')) limits.push(request.limits.maxBytes);
        const isTooLarge = request.url.endsWith('/a') && limits.length === 1;
        const failure = { kind: 'failed', failure: 'too-large', reason: 'larger than that' } as const;
        return isTooLarge ? Promise.resolve(failure) : stream(request, onChunk);
      },
    };
    const peers = () => ({ ...it.deps.peers({} as never), http });
    expect(await it.update('schedule', { ...it.deps, peers })).toMatchObject({ end: 'sealing' });
    expect(it.upstream.asked.filter((line) => /^GET .$/.test(line)).at(-1)).toBe('GET a');
    expect(limits).toEqual([268_435_456, 5_368_709_120]);
  });

  test('a run in whose time nothing could be copied asks for no other', async () => {
    const it = await world();
    it.upstream.onRequest = () => {
      it.clock.advance(300_000);
      return undefined;
    };
    expect(await it.update()).toMatchObject({ end: 'upstream_unreachable', problem: expect.stringContaining('nothing could') });
    expect(it.deps.updateQueue.take()).toEqual([]);
  });

  test('upstream that moves on while it is copied is followed', async () => {
    const it = await world();
    let moved = false;
    it.upstream.onRequest = (path) => {
      if (path !== 'a' || moved) return undefined;
      moved = true;
      it.upstream.publish({ a: 'a of 2', c: 'c of 2' });
      return undefined;
    };
    expect(await it.follow()).toEqual(['sealing', 'released']);
    expect([...(await it.entries()).keys()]).toEqual(['SHA256SUMS', 'a', 'c']);
  });

  test('upstream that changes whenever it is looked at is left alone for a while', async () => {
    const it = await world();
    let looks = 0;
    it.upstream.onRequest = (path) => {
      if (path === 'SHA256SUMS') looks += 1;
      if (path === 'SHA256SUMS') it.upstream.publish({ a: `a of ${looks}` });
      return undefined;
    };
    expect(await it.update()).toMatchObject({ end: 'upstream_moving' });
    expect((await known(it))?.failures).toBe(1);
    expect(await it.update()).toEqual({ kind: 'not-due' });
    it.clock.advance(300_000);
    expect(await it.update()).toMatchObject({ end: 'upstream_moving' });
  });

  test('upstream that wants to be left alone is', async () => {
    const it = await world({ everyMs: 60_000 });
    it.upstream.onRequest = () => answered(503, { 'retry-after': '7200' });
    expect(await it.update()).toMatchObject({ end: 'upstream_unreachable' });
    expect(it.upstream.asked).toHaveLength(1);
    it.clock.advance(7_199_999);
    expect(await it.update()).toEqual({ kind: 'not-due' });
    it.clock.advance(1);
    it.upstream.onRequest = undefined;
    expect(await it.update()).toMatchObject({ end: 'sealing' });
  });

  test('what fails for now is tried again in the same run', async () => {
    const it = await world();
    const tries = new Map<string, number>();
    it.upstream.onRequest = (path) => {
      tries.set(path, (tries.get(path) ?? 0) + 1);
      if (tries.get(path) === 1) return { kind: 'failed', failure: 'timeout', reason: 'no answer' };
      return tries.get(path) === 2 ? answered(503) : undefined;
    };
    expect(await it.update()).toMatchObject({ end: 'sealing' });
    expect(await it.check()).toEqual(['validated']);
  });
});

describe('planning', () => {
  test('asks for what is due, each once a minute, and for what waits for something here', async () => {
    const it = await world();
    const asked = async () => {
      await planUpdates(it.deps);
      return it.deps.updateQueue.take().map(({ volume, by }) => `${volume} ${by}`);
    };
    expect(await asked()).toEqual(['v schedule']);
    expect(await asked()).toEqual([]);
    await it.update();
    it.clock.advance(60_000);
    expect(await asked()).toEqual(['v schedule']);
    await it.check();
    await it.update();
    it.clock.advance(60_000);
    expect(await asked()).toEqual([]);
    it.clock.advance(EVERY_MS);
    expect(await asked()).toEqual(['v schedule']);
  });
});
