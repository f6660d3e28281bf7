import { describe, expect, test } from 'vitest';
import { printRoot } from '#wire/tree/tree-document.ts';
import { printTree } from '#wire/tree/tree-printer.ts';
import { type CheckWork, checkRelease } from '../../../functions/check-release/check-release.ts';
import { useEmulators } from '../../support/emulators.ts';
import { type Prepared, prepare, publisher, withSums } from '../../support/publish-release.ts';
import { hashOf, manyFiles } from '../../support/tree-arbitrary.ts';
import { type VolumesSetup, volumesSetup } from '../../support/volumes-setup.ts';

const emulators = useEmulators();

const FILES = withSums({ 'a/one': 'one', 'a/two': 'two', 'b/three': 'three' });

const sealed = async (setup: VolumesSetup, prepared: Prepared) => {
  await publisher(setup, 'tools').seal(prepared);
  return setup.runChecks();
};

const logOf = async (setup: VolumesSetup, volume = 'tools') =>
  (await setup.volumes.log(volume, 100)).map(({ transition, by, reason }) => [transition, by, reason]).toReversed();

describe('a release of which all is stored', () => {
  test('is sealed and validated, and not released', async () => {
    const setup = await volumesSetup(emulators);
    const { root, outcome } = await publisher(setup, 'tools').publish(FILES);
    expect(outcome).toEqual({ kind: 'validated' });
    expect(await logOf(setup)).toEqual([
      ['stage', 'user:ann', undefined],
      ['seal', 'check', undefined],
      ['validate', 'check', undefined],
    ]);
    expect(await setup.volumes.release('tools', root)).toMatchObject({ state: 'VALIDATED', files: 4 });
    expect((await setup.volumes.pointer('tools')).current).toBeUndefined();
    expect(setup.logged).toEqual([]);
  });

  test('may have no files, which its guard then says', async () => {
    const setup = await volumesSetup(emulators);
    const { root, outcome } = await publisher(setup, 'tools').publish({});
    expect(outcome).toEqual({ kind: 'rejected', problems: [{ path: '', message: 'has no files' }] });
    expect(await setup.volumes.release('tools', root)).toMatchObject({
      state: 'REJECTED',
      problems: [{ message: 'has no files' }],
    });
    expect(setup.logged).toEqual(['warn a release was rejected']);
  });

  test('is rejected with the paths that are wrong, and with what it lacks against the current one', async () => {
    const setup = await volumesSetup(emulators);
    const ann = publisher(setup, 'tools');
    const good = await ann.publish(FILES);
    await setup.ask('bob', 'POST', '/volumes/tools/release', { release: good.root });
    const { root, outcome } = await ann.publish({ 'a/one': 'one', SHA256SUMS: `${hashOf('else')}  a/one\n` });
    const problems = [
      { path: '', message: 'shrinks from 4 files to 2; 20 % less is allowed' },
      { path: '', message: expect.stringMatching(/^shrinks from \d+ bytes to 75; 20 % less is allowed$/) },
      { path: 'a/one', message: expect.stringContaining(`sha256-${hashOf('one')}`) },
    ];
    expect(outcome).toEqual({ kind: 'rejected', problems });
    expect(await setup.volumes.release('tools', root)).toMatchObject({ state: 'REJECTED', problems });
  });
});

describe('a release of which something is not stored ends, and says what', () => {
  const reasonAfter = async (setup: VolumesSetup, prepared: Prepared) => {
    const outcomes = await sealed(setup, prepared);
    expect(await publisher(setup, 'tools').state(prepared.tree.sha256)).toBe('ABORTED');
    const reason = (await logOf(setup)).at(-1)?.at(-1) ?? '';
    expect(outcomes).toEqual([{ kind: 'aborted', reason }]);
    return reason;
  };

  test('files, of which the first are named', async () => {
    const setup = await volumesSetup(emulators);
    const files = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`f${at}`, `content ${at}`]));
    const long = 'x'.repeat(200);
    const prepared = await publisher(setup, 'tools').stageWithout(
      { ...files, [long]: 'y' },
      'f1',
      'f2',
      'f3',
      'f4',
      'f6',
      'f7',
      long,
    );
    expect(await reasonAfter(setup, prepared)).toBe('not stored: f1, f2, f3, f4, f6, and 2 more');
    const again = await publisher(setup, 'tools').stageWithout({ ...files, [long]: 'y' }, long);
    expect(await reasonAfter(setup, again)).toBe(`not stored: ${long.slice(0, 80)}…`);
  });

  test('and is stored when it is published again', async () => {
    const setup = await volumesSetup(emulators);
    await reasonAfter(setup, await publisher(setup, 'tools').stageWithout(FILES, 'a/two'));
    expect((await publisher(setup, 'tools').publish(FILES)).outcome).toEqual({ kind: 'validated' });
  });

  test('a file that has another size in the tree than it has', async () => {
    const setup = await volumesSetup(emulators);
    const { shards, ...tree } = printTree([{ path: 'a', sha256: hashOf('one'), sizeBytes: 5, mode: 'file' }], hashOf);
    const documents = [tree.document, ...shards.map(({ document }) => document), Buffer.from('one')];
    const objects = new Map(documents.map((bytes) => [hashOf(bytes), new Uint8Array(bytes)]));
    const ann = publisher(setup, 'tools');
    await ann.stage({ tree, objects });
    await ann.store({ tree, objects });
    expect(await reasonAfter(setup, { tree, objects })).toBe('not stored: a with 5 bytes, its object has 3');
  });

  test('the root', async () => {
    const setup = await volumesSetup(emulators);
    const prepared = prepare(FILES);
    await publisher(setup, 'tools').stage(prepared);
    expect(await reasonAfter(setup, prepared)).toBe(`the root ${prepared.tree.sha256} of a tree is not there`);
  });

  test('a shard', async () => {
    const setup = await volumesSetup(emulators);
    const prepared = prepare(FILES);
    const [shard] = prepared.tree.root.shards;
    const ann = publisher(setup, 'tools');
    await ann.stage(prepared);
    const objects = new Map([...prepared.objects].filter(([sha256]) => sha256 !== shard?.sha256));
    await ann.store({ ...prepared, objects });
    expect(await reasonAfter(setup, prepared)).toBe(`the shard ${shard?.sha256} of a tree is not there`);
  });

  test('a tree that would be printed otherwise, and a root that is no tree', async () => {
    const setup = await volumesSetup(emulators);
    const entries = manyFiles(6).toSorted((one, other) => (one.path < other.path ? -1 : 1));
    const halves = [entries.slice(0, 3), entries.slice(3)].map((part) => printTree(part, hashOf));
    const shards = halves.flatMap(({ root }) => root.shards);
    const root = { files: 6, bytes: 15, shards };
    const cut = new TextEncoder().encode(printRoot(root));
    for (const [document, reason] of [
      [cut, 'a tree is not stored as it would be printed'],
      [new TextEncoder().encode('no tree\n'), 'the root of a tree is not JSON'],
    ] as const) {
      const documents = [document, ...halves.flatMap((half) => half.shards.map((shard) => shard.document))];
      const objects = new Map(documents.map((bytes) => [hashOf(bytes), new Uint8Array(bytes)]));
      const prepared = { tree: { root, document, sha256: hashOf(document) }, objects };
      const ann = publisher(setup, 'tools');
      await ann.stage(prepared);
      await ann.store(prepared);
      expect(await reasonAfter(setup, prepared)).toBe(reason);
    }
  });

  test('other totals than were staged', async () => {
    const setup = await volumesSetup(emulators);
    const prepared = prepare(FILES);
    const lied = { ...prepared, tree: { ...prepared.tree, root: { ...prepared.tree.root, files: 3, bytes: 9 } } };
    const ann = publisher(setup, 'tools');
    await ann.stage(lied);
    await ann.store(lied);
    const { files, bytes } = prepared.tree.root;
    expect(await reasonAfter(setup, lied)).toBe(`staged with 3 files and 9 bytes, but its tree has ${files} and ${bytes}`);
  });
});

describe('a message', () => {
  const work = (root: string, stagedMs: number, volume = 'tools'): CheckWork => ({ kind: 'check', volume, root, stagedMs });

  test('about what is not there, or is over, is done', async () => {
    const setup = await volumesSetup(emulators);
    const ann = publisher(setup, 'tools');
    const { root } = await ann.publish(FILES);
    const passed = async (message: CheckWork) => checkRelease(setup.check, message);
    expect(await passed(work(root, 0, 'nowhere'))).toEqual({ kind: 'passed', because: 'unknown volume' });
    expect(await passed(work(hashOf('x'), 0))).toEqual({ kind: 'passed', because: 'unknown release' });
    expect(await passed(work(root, 0))).toEqual({ kind: 'passed', because: 'VALIDATED' });
    await setup.ask('ann', 'POST', `/volumes/tools/releases/${root}/abort`, { reason: 'no' });
    expect(await passed(work(root, 0))).toEqual({ kind: 'passed', because: 'ABORTED' });
  });

  test('that comes late does not end what is being stored again', async () => {
    const setup = await volumesSetup(emulators);
    const ann = publisher(setup, 'tools');
    const prepared = prepare(FILES);
    await ann.stage(prepared);
    await ann.seal(prepared);
    await ann.stage(prepared);
    expect(await setup.runChecks()).toEqual([{ kind: 'passed', because: 'staged again' }]);
    await ann.store(prepared);
    await ann.seal(prepared);
    expect(await setup.runChecks()).toEqual([{ kind: 'validated' }]);
  });

  test.each(['before it is sealed', 'before it is judged'])('whose release is staged again %s decides nothing', async (when) => {
    const setup = await volumesSetup(emulators);
    const ann = publisher(setup, 'tools');
    const prepared = await publisher(setup, 'tools').stageWithout(FILES);
    const work = await ann.takeCheck(prepared);
    let isOver = false;
    const interrupted = async (): Promise<void> => {
      if (!isOver) await ann.stage(prepared);
      isOver = true;
    };
    const objects = {
      ...setup.check.objects,
      sizeBytes: async (sha256: string) => {
        if (when === 'before it is sealed') await interrupted();
        return setup.check.objects.sizeBytes(sha256);
      },
      read: async (sha256: string, maximumBytes: number) => {
        if (when === 'before it is judged' && (await ann.state(prepared.tree.sha256)) === 'SEALED') await interrupted();
        return setup.check.objects.read(sha256, maximumBytes);
      },
    };
    expect(await checkRelease({ ...setup.check, objects }, work)).toEqual({ kind: 'overtaken' });
    expect(await ann.state(prepared.tree.sha256)).toBe('STAGING');
    await ann.seal(prepared);
    expect(await setup.runChecks()).toEqual([{ kind: 'validated' }]);
  });
});
