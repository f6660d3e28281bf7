import { describe, expect, test } from 'vitest';
import { useEmulators } from '../../support/emulators.ts';
import { type Files, publisher } from '../../support/publish-release.ts';
import { hashOf } from '../../support/tree-arbitrary.ts';
import { type Person, replyOf, type VolumesSetup, volumesSetup } from '../../support/volumes-setup.ts';

const emulators = useEmulators();
const files = (name: string): Files => ({ a: 'the same', b: name });

const published = async (setup: VolumesSetup, volume: string, name: string): Promise<string> =>
  (await publisher(setup, volume, 'wendy').publish(files(name))).root;

const post = async (setup: VolumesSetup, who: Person, path: string, body: unknown) =>
  replyOf(await setup.ask(who, 'POST', path, body));

const currentOf = async (setup: VolumesSetup, volume = 'tools') => (await setup.volumes.pointer(volume)).current;

/** Releases of these names one after the other, over each other. */
const released = async (setup: VolumesSetup, ...names: readonly string[]): Promise<readonly string[]> => {
  const roots: string[] = [];
  for (const name of names) {
    const root = await published(setup, 'tools', name);
    await post(setup, 'bob', '/volumes/tools/release', { release: root });
    roots.push(root);
  }
  return roots;
};

describe('a release', () => {
  test('becomes current, says what to go back to, and is so when it is asked for again', async () => {
    const setup = await volumesSetup(emulators);
    const [one = ''] = await released(setup, 'one');
    const two = await published(setup, 'tools', 'two');
    const first = await post(setup, 'bob', '/volumes/tools/release', { release: two, expect: one });
    expect(first).toMatchObject([
      200,
      {
        outcome: 'released',
        previous: one,
        release: { release: two, state: 'CURRENT', parent: one },
        pointer: { volume: 'tools', current: two, previous: one, moves: 2 },
      },
    ]);
    const again = await post(setup, 'bob', '/volumes/tools/release', { release: two, expect: one });
    expect(again).toEqual([200, { ...(first[1] as object), outcome: 'nothing' }]);
    expect((await setup.volumes.log('tools', 1))[0]).toMatchObject({ transition: 'commit', by: 'user:bob', before: one });
  });

  test('the first of a volume, expecting nothing', async () => {
    const setup = await volumesSetup(emulators);
    const root = await published(setup, 'tools', 'one');
    const wrong = await post(setup, 'bob', '/volumes/tools/release', { release: root, expect: hashOf('x') });
    expect(wrong).toEqual([
      409,
      { kind: 'moved', expected: hashOf('x'), value: `Current is nothing, and not ${hashOf('x')} as expected.` },
    ]);
    const right = await post(setup, 'bob', '/volumes/tools/release', { release: root, expect: null });
    expect(right).toMatchObject([200, { outcome: 'released', pointer: { current: root } }]);
    expect(right[1]).not.toHaveProperty('previous');
  });

  test('over something else than it was made from is refused', async () => {
    const setup = await volumesSetup(emulators);
    const [one = ''] = await released(setup, 'one');
    const [two, three] = [await published(setup, 'tools', 'two'), await published(setup, 'tools', 'three')];
    await post(setup, 'bob', '/volumes/tools/release', { release: two });
    expect(await post(setup, 'bob', '/volumes/tools/release', { release: three })).toMatchObject([
      409,
      { kind: 'moved', current: two, expected: one },
    ]);
    expect(await post(setup, 'bob', '/volumes/tools/release', { release: three, expect: two })).toMatchObject([200, {}]);
  });

  test('needs the lease while somebody has it', async () => {
    const setup = await volumesSetup(emulators);
    const root = await published(setup, 'tools', 'one');
    const lease = async (body: object) => post(setup, 'ann', '/volumes/tools/lease', body);
    const taken = await lease({});
    expect(taken).toEqual([200, { fence: 1, untilMs: setup.clock.nowMs + 600_000 }]);
    expect(await lease({})).toMatchObject([409, { kind: 'leased', lease: { by: 'user:ann' }, value: 'user:ann is publishing.' }]);
    expect(await lease({ fence: 1 })).toMatchObject([200, { fence: 1 }]);
    const commit = async (fence?: number) => post(setup, 'bob', '/volumes/tools/release', { release: root, fence });
    expect(await commit()).toMatchObject([409, { kind: 'leased' }]);
    expect(await commit(2)).toMatchObject([409, { kind: 'fenced', fence: 1 }]);
    expect(await commit(1)).toMatchObject([200, { outcome: 'released' }]);
    expect(await post(setup, 'ann', '/volumes/tools/lease/end', { fence: 2 })).toMatchObject([409, { kind: 'fenced' }]);
    for (const _ of [1, 2]) {
      const [status, body] = await post(setup, 'ann', '/volumes/tools/lease/end', { fence: 1 });
      expect([status, (body as { pointer: object }).pointer]).toEqual([
        200,
        expect.not.objectContaining({ lease: expect.anything() }),
      ]);
    }
    setup.clock.nowMs += 600_000;
    expect(await lease({ fence: 1 })).toMatchObject([409, { kind: 'fenced' }]);
  });
});

describe('a rollback', () => {
  test('goes back, and holds the volume until somebody resumes', async () => {
    const setup = await volumesSetup(emulators);
    const [one = '', two = ''] = await released(setup, 'one', 'two');
    const back = await post(setup, 'eve', '/volumes/tools/rollback', { reason: 'bad kernel' });
    expect(back).toMatchObject([
      200,
      {
        outcome: 'released',
        previous: two,
        release: { release: one },
        pointer: { current: one, hold: { reason: 'bad kernel' } },
      },
    ]);
    const three = await published(setup, 'tools', 'three');
    expect(await post(setup, 'bob', '/volumes/tools/release', { release: three })).toMatchObject([
      409,
      { kind: 'held', hold: { by: 'user:eve' }, value: 'The volume is held by user:eve: bad kernel' },
    ]);
    for (const _ of [1, 2]) expect((await post(setup, 'eve', '/volumes/tools/resume', {}))[0]).toBe(200);
    expect(await post(setup, 'bob', '/volumes/tools/release', { release: three })).toMatchObject([200, {}]);
  });

  test.each([false, true])('that is asked for again goes back once (told where: %s)', async (told) => {
    const setup = await volumesSetup(emulators);
    const [one = '', two = '', three = ''] = await released(setup, 'one', 'two', 'three');
    const body = { reason: 'bad', ...(told && { to: two }) };
    expect(await post(setup, 'eve', '/volumes/tools/rollback', body)).toMatchObject([
      200,
      { outcome: 'released', previous: three },
    ]);
    expect(await post(setup, 'eve', '/volumes/tools/rollback', body)).toMatchObject([200, { outcome: 'nothing' }]);
    expect(await currentOf(setup)).toBe(two);
    // Somebody else who knows nothing of it does not go back one more; whoever says where to does.
    const hold = { by: 'user:eve', reason: 'bad' };
    expect(await post(setup, 'wendy', '/volumes/tools/rollback', { reason: 'bad' })).toMatchObject([409, { kind: 'held', hold }]);
    expect(await post(setup, 'eve', '/volumes/tools/rollback', { reason: 'worse' })).toMatchObject([409, { kind: 'held', hold }]);
    expect(await currentOf(setup)).toBe(two);
    expect(await post(setup, 'wendy', '/volumes/tools/rollback', { reason: 'bad', to: one })).toMatchObject([
      200,
      { previous: two },
    ]);
    expect(await currentOf(setup)).toBe(one);
    expect(await post(setup, 'eve', '/volumes/tools/rollback', { reason: 'bad', to: two })).toMatchObject([
      200,
      { previous: one },
    ]);
  });

  test('is no repetition of a hold for the same reason', async () => {
    const setup = await volumesSetup(emulators);
    const [one = ''] = await released(setup, 'one', 'two');
    expect((await post(setup, 'eve', '/volumes/tools/hold', { reason: 'bad' }))[0]).toBe(200);
    expect(await post(setup, 'eve', '/volumes/tools/rollback', { reason: 'bad' })).toMatchObject([200, { outcome: 'released' }]);
    expect(await currentOf(setup)).toBe(one);
  });

  test('leads nowhere but to what was current', async () => {
    const setup = await volumesSetup(emulators);
    expect(await post(setup, 'eve', '/volumes/tools/rollback', { reason: 'x' })).toMatchObject([
      409,
      { kind: 'unknown-release' },
    ]);
    const [one] = await released(setup, 'one');
    const two = await published(setup, 'tools', 'two');
    for (const [to, kind] of [
      [two, 'wrong-state'],
      [one, 'wrong-state'],
      [hashOf('x'), 'unknown-release'],
    ])
      expect(await post(setup, 'eve', '/volumes/tools/rollback', { reason: 'x', to })).toMatchObject([409, { kind }]);
  });
});

describe('several volumes', () => {
  const both = async (setup: VolumesSetup) => ({
    tools: await published(setup, 'tools', 'one'),
    docs: await published(setup, 'docs', 'one'),
  });
  const wishes = (roots: Readonly<Record<string, string>>, more: object = {}) => ({
    releases: Object.entries(roots).map(([volume, release]) => ({ volume, release, ...more })),
  });

  test('are released together, and again to no effect', async () => {
    const setup = await volumesSetup(emulators);
    const roots = await both(setup);
    const told = (outcome: string) => [
      200,
      {
        releases: [
          { volume: 'tools', outcome, pointer: { volume: 'tools', current: roots.tools }, release: { release: roots.tools } },
          { volume: 'docs', outcome, pointer: { volume: 'docs', current: roots.docs }, release: { release: roots.docs } },
        ],
      },
    ];
    expect(await post(setup, 'bob', '/releases', wishes(roots, { expect: null }))).toMatchObject(told('released'));
    expect(await post(setup, 'bob', '/releases', wishes(roots, { expect: null }))).toMatchObject(told('nothing'));
  });

  test('none of them is released when one cannot be', async () => {
    const setup = await volumesSetup(emulators);
    const roots = await both(setup);
    await post(setup, 'eve', '/volumes/docs/hold', { reason: 'wait' });
    const hold = { by: 'user:eve', reason: 'wait', atMs: setup.clock.nowMs };
    const refusal = { kind: 'held', hold, value: 'The volume is held by user:eve: wait', volume: 'docs' };
    expect(await post(setup, 'bob', '/releases', wishes(roots))).toEqual([
      409,
      { ...refusal, value: `docs: ${refusal.value}`, refusals: [refusal] },
    ]);
    expect(await post(setup, 'bob', '/releases', wishes({ ...roots, nowhere: hashOf('x') }))).toMatchObject([
      404,
      { kind: 'unknown_volume' },
    ]);
    expect([await currentOf(setup, 'tools'), await currentOf(setup, 'docs')]).toEqual([undefined, undefined]);
    await post(setup, 'eve', '/volumes/docs/resume', {});
    expect((await post(setup, 'bob', '/releases', wishes(roots)))[0]).toBe(200);
    expect([await currentOf(setup, 'tools'), await currentOf(setup, 'docs')]).toEqual([roots.tools, roots.docs]);
  });
});

test('a pin keeps a release, until it is unpinned; both are said again to no effect', async () => {
  const setup = await volumesSetup(emulators);
  const [root] = await released(setup, 'one');
  for (const [verb, isPinned] of [
    ['pin', true],
    ['pin', true],
    ['unpin', undefined],
    ['unpin', undefined],
  ] as const) {
    const [status, body] = await post(setup, 'eve', `/volumes/tools/releases/${root}/${verb}`, {});
    expect([status, (body as { release: { pinned?: boolean } }).release.pinned]).toEqual([200, isPinned]);
  }
  expect((await setup.volumes.pointer('tools')).version).toBe(6);
  expect(await post(setup, 'eve', '/volumes/tools/releases/1/pin', {})).toMatchObject([409, { kind: 'unknown-release' }]);
});

test('an update is asked for where there is something to copy from', async () => {
  const setup = await volumesSetup(emulators);
  expect(await post(setup, 'eve', '/volumes/copy/update', {})).toEqual([202, { volume: 'copy' }]);
  expect(setup.queued).toEqual([{ work: { kind: 'update', volume: 'copy', by: 'user:eve' }, requestId: 'id-1' }]);
  expect(await post(setup, 'eve', '/volumes/tools/update', {})).toMatchObject([409, { kind: 'no-upstream' }]);
});

test('a sweep is asked for, and its report is read', async () => {
  const setup = await volumesSetup(emulators);
  const read = async (query = '') => replyOf(await setup.ask('carol', 'GET', `/garbage${query}`));
  expect(await read()).toEqual([200, {}]);
  expect(await post(setup, 'wendy', '/garbage/runs', { mode: 'done' })).toEqual([202, { run: 'id-1' }]);
  expect(setup.queued).toEqual([{ work: { kind: 'sweep', run: 'id-1', by: 'user:wendy', mode: 'done' }, requestId: 'id-1' }]);
  const counts = { prefixes: 256, expired: 0, looked: 9, doomed: 2, removed: 1, spared: 1, bytes: 10 };
  const report = (mode: 'done' | 'planned', startedMs: number) => ({
    run: mode,
    mode,
    by: 'user:wendy',
    startedMs,
    endedMs: 5,
    ...counts,
  });
  await setup.sweeps.put(report('done', 1));
  await setup.sweeps.put(report('planned', 2));
  expect(await read()).toEqual([200, { last: report('planned', 2) }]);
  expect(await read('?mode=done')).toEqual([200, { last: report('done', 1) }]);
  expect((await read('?mode=other'))[0]).toBe(400);
});
