import { describe, expect, test } from 'vitest';
import { useEmulators } from '../../support/emulators.ts';
import { shortly } from '../../support/volumes-api-server.ts';
import { useVolumeScene } from './support/volume-scene.ts';

const scene = useVolumeScene(useEmulators());

/** A release of one more file each time. */
const publish = async (volume: string, ...more: readonly string[]): Promise<string> => {
  const { setup, put, said, folder } = scene();
  await put(`file-${(await setup.volumes.releases(volume)).length}`, 'content');
  const { release } = await said('wendy', 'publish', volume, folder, ...more);
  return String(release);
};

const current = async (volume: string): Promise<string | undefined> => (await scene().setup.volumes.pointer(volume)).current;

describe('release', () => {
  test('makes the newest checked one current, or the one that is named, and says what was', async () => {
    const first = await publish('tools');
    expect(await scene().typed('bob', 'release', 'tools')).toEqual({
      code: 0,
      err: '',
      out: `tools: release 1 (${first}) is current now\nprevious: none\n`,
    });
    const second = await publish('tools');
    const said = await scene().said('bob', 'release', 'tools', second.slice(0, 8), '--expect', '1');
    expect(said).toMatchObject({ result: 'released', release: second, sequence: 2, previous: first });
    expect(await scene().typed('bob', 'release', 'tools', '2')).toMatchObject({
      code: 0,
      out: expect.stringContaining(`release 2 (${second}) is current already\nprevious: ${first}\n`),
    });
  });

  test('moves several volumes together or none of them', async () => {
    const [tools, docs] = [await publish('tools'), await publish('docs')];
    const { typed, said, server } = scene();
    expect(await said('bob', 'release', `tools=${tools}`, `docs=${'0'.repeat(64)}`)).toMatchObject({ exitCode: 3 });
    expect(await current('tools')).toBeUndefined();
    server.asked.length = 0;
    const moved = await said('bob', 'release', `tools=${tools.slice(0, 12)}`, 'docs=1');
    expect(moved['releases']).toEqual([
      { result: 'released', volume: 'tools', release: tools, sequence: 1, previous: null },
      { result: 'released', volume: 'docs', release: docs, sequence: 1, previous: null },
    ]);
    expect(server.asked.filter((one) => one.startsWith('POST'))).toEqual(['POST /api/v1/releases']);
    expect((await typed('bob', 'release', 'tools=1', 'docs=1', '--expect', 'none')).code).toBe(2);
    expect((await typed('bob', 'release', 'tools=1', 'docs')).code).toBe(2);
  });

  test('is refused for what is not there, not one, or expected otherwise', async () => {
    const { typed, said } = scene();
    expect(await said('bob', 'release', 'tools')).toMatchObject({ exitCode: 3, refusal: 'unknown-release' });
    const first = await publish('tools');
    expect(await said('bob', 'release', 'tools', '00000000')).toMatchObject({ exitCode: 3, refusal: 'unknown-release' });
    expect(await said('bob', 'release', 'tools', '7')).toMatchObject({ exitCode: 3, refusal: 'unknown-release' });
    expect(await said('bob', 'release', 'tools', first, '--expect', first)).toMatchObject({ exitCode: 4, refusal: 'moved' });
    expect(await said('bob', 'release', 'tools', first, '--fence', '3')).toMatchObject({ exitCode: 4, refusal: 'fenced' });
    expect(await said('carol', 'release', 'tools', first)).toMatchObject({ exitCode: 3, refusal: 'forbidden' });
    expect(await typed('nobody', 'release', 'tools', first)).toMatchObject({ code: 3, err: expect.stringContaining('401') });
    expect((await typed('bob', 'release', 'tools', 'latest')).code).toBe(2);
    expect((await typed('bob', 'release', 'tools', '1', '2')).code).toBe(2);
    expect((await typed('bob', 'release')).code).toBe(2);
  });
});

describe('rollback, hold and resume', () => {
  test('go back, keep the next run out, and let it through again', async () => {
    const [first, second] = [await publish('tools', '--release'), await publish('tools', '--release')];
    const { typed, said } = scene();
    expect(await typed('eve', 'rollback', 'tools')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--reason is needed'),
    });
    const back = await typed('eve', 'rollback', 'tools', '--reason', 'broken');
    expect(back).toEqual({
      code: 0,
      err: '',
      out: `tools: release 1 (${first}) is current again, and tools is held
previous: ${second}
to go back: mirrortide rollback tools --to ${second} --reason '...'
to let new releases through again: mirrortide resume tools
`,
    });
    expect(await said('bob', 'release', 'tools', second)).toMatchObject({ exitCode: 4, refusal: 'held' });
    expect(await typed('eve', 'resume', 'tools')).toMatchObject({
      code: 0,
      out: `tools takes releases again; current is ${first}\n`,
    });
    expect(await said('eve', 'rollback', 'tools', '--to', '2', '--reason', 'it was fine')).toMatchObject({
      result: 'released',
      release: second,
      previous: first,
    });
    await said('eve', 'resume', 'tools');
    expect(await said('eve', 'hold', 'tools', '--reason', ' freeze ')).toMatchObject({
      current: second,
      hold: { by: 'user:eve', reason: 'freeze' },
    });
    expect(await said('ann', 'hold', 'tools', '--reason', 'x')).toMatchObject({ exitCode: 3, refusal: 'forbidden' });
  });

  test('pin and unpin a release', async () => {
    const first = await publish('tools', '--release');
    expect(await scene().said('eve', 'pin', 'tools', 'current')).toMatchObject({ release: first, pinned: true });
    expect(await scene().setup.volumes.release('tools', first)).toMatchObject({ pinned: true });
    expect(await scene().typed('eve', 'unpin', 'tools', '1')).toMatchObject({
      code: 0,
      out: `tools: release 1 (${first}) stays no longer than others\n`,
    });
    expect((await scene().typed('eve', 'pin', 'tools')).code).toBe(2);
  });
});

describe('what is only looked at', () => {
  test('diff tells path by path, and reads nothing that is equal', async () => {
    const { put, typed, said, server } = scene();
    for (let at = 0; at < 50; at += 1) await put(`same/${at}`, `${at}`);
    await put('run', 'x');
    await publish('tools', '--release');
    await put('run', 'longer');
    await put('zz', 'new');
    await publish('tools', '--release');
    expect(await typed('carol', 'diff', 'tools', 'previous')).toEqual({
      code: 0,
      err: '',
      out: '+ file-1 (7 B)\n~ run (1 B -> 6 B)\n+ zz (3 B)\n1 -> 2: 2 added, 1 changed, 0 removed, +15 B\n',
    });
    expect(await typed('carol', 'diff', 'tools', '2', '1', '--summary')).toMatchObject({
      out: '2 -> 1: 0 added, 1 changed, 2 removed, -15 B\n',
    });
    const { out } = await typed('carol', 'diff', 'tools', '1', '2', '--json');
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ kind, path }) => [kind, path])).toEqual([
      ['added', 'file-1'],
      ['changed', 'run'],
      ['added', 'zz'],
      [undefined, undefined],
    ]);
    expect(lines.at(-1)).toMatchObject({ outcome: 'done', added: 2, changed: 1, removed: 0, bytes: 15 });
    server.asked.length = 0;
    expect(await said('carol', 'diff', 'tools', '2', 'current')).toMatchObject({ added: 0, changed: 0, removed: 0 });
    expect(shortly(server.asked)).toEqual([
      'GET volumes/tools/releases/2',
      'GET volumes/tools/documents/HASH',
      'GET volumes/tools/releases/current',
      'GET volumes/tools/documents/HASH',
    ]);
  });

  test('log tells who did what, newest first, and obeys nobody’s control characters', async () => {
    const first = await publish('tools', '--release');
    await scene().typed('eve', 'hold', 'tools', '--reason', 'red\u001b[31m');
    const { out } = await scene().typed('carol', 'log', 'tools', '--limit', '2');
    const lines = out.split('\n');
    expect(lines[1]).toMatch(/^\d+ +\d{4}-\d\d-\d\dT[\d:]{8}Z +hold +- +user:eve +red\\u001b\[31m$/);
    expect(lines[2]).toMatch(new RegExp(`^\\d+ .* commit +${first.slice(0, 12)} +user:wendy$`));
    expect(lines).toHaveLength(4);
    expect((await scene().said('carol', 'log', 'tools'))['entries']).toHaveLength(5);
    expect((await scene().typed('carol', 'log', 'docs')).out).toBe('nothing was done to docs yet\n');
    expect((await scene().typed('carol', 'log', 'tools', '--limit', '0')).code).toBe(2);
  });

  test('status tells where volumes stand, and ends with 7 for those that stand too long', async () => {
    const first = await publish('tools', '--release');
    const { typed, said } = scene();
    await typed('eve', 'hold', 'tools', '--reason', 'freeze');
    const { out } = await typed('carol', 'status', 'tools');
    expect(out.split('\n')[1]?.split(/ {2,}/)).toEqual([
      'tools',
      'files',
      '/tools',
      '1',
      first.slice(0, 12),
      '1 files',
      '7 B',
      expect.stringMatching(/^\d+ s ago$/),
      '-',
      'held by user:eve: freeze',
    ]);
    const all = await said('carol', 'status', '--stale', '1h');
    expect(all).toMatchObject({ outcome: 'differs', exitCode: 7, stale: ['docs', 'wheels', 'copy', 'theirs', 'closed'] });
    expect(await said('carol', 'status', 'tools', '--stale', '1h')).toMatchObject({ exitCode: 0, stale: [] });
    expect((await typed('carol', 'status', 'tools', '--stale', 'long')).code).toBe(2);
  });

  test('verify reads the tree, and notices when it is another', async () => {
    const first = await publish('tools', '--release');
    expect(await scene().typed('carol', 'verify', 'tools')).toMatchObject({
      code: 0,
      out: `tools: the tree of release 1 (${first}) is whole: 1 files\n`,
    });
    expect(await scene().said('carol', 'verify', `tools@${first}`)).toMatchObject({ release: first, files: 1 });
    expect((await scene().typed('carol', 'verify', 'tools', '--deep')).code).toBe(2);
    expect((await scene().typed('carol', 'verify', 'tools', '--url', 'mirror.example.org')).code).toBe(2);
  });
});

describe('gc', () => {
  test('asks for a sweep and waits for its report', async () => {
    const { setup, typed, said } = scene();
    let rounds = 0;
    scene().onSleep = async () => {
      rounds += 1;
      const asked = setup.queued.find(({ work }) => work.kind === 'sweep')?.work;
      if (asked?.kind !== 'sweep') throw new Error('no sweep was asked for');
      const counts = { prefixes: 100, expired: 1, looked: 9, doomed: 3, removed: 2, spared: 1, bytes: 2_048 };
      const ended = rounds > 1 ? { endedMs: 2, prefixes: 256 } : {};
      await setup.sweeps.put({ run: asked.run, mode: asked.mode, by: asked.by, startedMs: 1, ...counts, ...ended });
    };
    expect(await typed('wendy', 'gc', 'plan')).toMatchObject({
      code: 0,
      out: 'would end 1 releases and remove 2 of 9 objects, 2.0 KiB; nothing was changed\n',
    });
    setup.queued.length = 0;
    rounds = 0;
    expect(await said('wendy', 'gc', 'run')).toMatchObject({ outcome: 'done', mode: 'done', removed: 2, spared: 1 });
    expect(await said('ann', 'gc', 'run')).toMatchObject({ exitCode: 3, refusal: 'forbidden' });
  });

  test('says what stopped it', async () => {
    const { setup, typed } = scene();
    scene().onSleep = async () => {
      const asked = setup.queued[0]?.work;
      if (asked?.kind !== 'sweep') throw new Error('no sweep was asked for');
      const counts = { prefixes: 0, expired: 0, looked: 0, doomed: 0, removed: 0, spared: 0, bytes: 0 };
      const problem = 'a tree cannot be read';
      await setup.sweeps.put({ run: asked.run, mode: asked.mode, by: asked.by, startedMs: 1, endedMs: 2, ...counts, problem });
    };
    expect(await typed('wendy', 'gc', 'run')).toMatchObject({
      code: 6,
      err: 'mirrortide: the sweep stopped: a tree cannot be read\n',
    });
  });
});

test('every command explains itself and its exit codes', async () => {
  for (const name of ['publish', 'release', 'rollback', 'diff', 'log', 'hold', 'resume', 'pin', 'unpin', 'status', 'verify']) {
    const { code, out } = await scene().typed('carol', name, '--help');
    expect({ name, code, out }).toMatchObject({ code: 0, out: expect.stringContaining('Exit codes: 0 done') });
    expect(out).toContain('--json');
  }
});
