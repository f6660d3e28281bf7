import { beforeEach, describe, expect, it } from 'vitest';
import { fileHashes } from '#adapters/net/file-hashes.ts';
import { ConfigError, Fault, WireError } from '#domain/errors.ts';
import type { Manifest } from '#domain/master/manifest.ts';
import { parseConfig } from '../../functions/scan-master/config.ts';
import { parseScanInput } from '../../functions/scan-master/scan-input.ts';
import { type ScanMasterDeps, scanMaster } from '../../functions/scan-master/scan-master.ts';
import type { ScanOutcome } from '../../functions/scan-master/scan-outcome.ts';
import { type MemoryManifestStore, memoryManifestStore } from '../support/memory-manifest-store.ts';
import { type MemoryMaster, memoryMaster } from '../support/memory-master.ts';
import { scannedCategory, scannedInventory } from '../support/scan-setup.ts';

const REPOMD = 'releases/41/x86_64/repodata/repomd.xml';
const INRELEASE = 'dists/sid/InRelease';
const PACKAGE = 'releases/41/x86_64/Packages/a.rpm';
const repomd = (stamp: number): string => `<repomd><data type="primary"><timestamp>${stamp}</timestamp></data></repomd>`;
const release = (architectures: string): string =>
  `Date: Sat, 21 Nov 2026 03:54:48 +0000\nArchitectures: ${architectures}\nSHA256:\n aa 1 Packages\n`;
const sha256 = (content: string): string => fileHashes(new Uint8Array(Buffer.from(content))).sha256;

let master: MemoryMaster;
let store: MemoryManifestStore;
let nowMs: number;
let deps: ScanMasterDeps;

beforeEach(() => {
  master = memoryMaster();
  store = memoryManifestStore();
  // Far after every file's time, in seconds: nothing is racily young unless a test makes it so.
  nowMs = 10_000_000;
  deps = {
    inventory: { load: async () => scannedInventory([scannedCategory('linux', { kind: 'directory', path: '/' })]) },
    manifests: store,
    masters: () => master.reader(),
    hashes: fileHashes,
    clock: { now: () => nowMs },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  };
  master.put(REPOMD, repomd(100), 100);
  master.put(PACKAGE, 'package', 100);
  master.put(INRELEASE, release('all amd64 arm64'), 100);
});

const scan = async (): Promise<ScanOutcome | undefined> => (await scanMaster(deps, { category: 'linux' }))['linux'];
const present = async (): Promise<Manifest> => {
  const pointer = await store.pointer('linux');
  if (pointer === undefined) throw new Error('no manifest');
  return store.read(pointer);
};
/** `REPO/ARCH` to its heads' sha256, newest first. */
const heads = async (): Promise<Record<string, readonly string[]>> =>
  Object.fromEntries(
    (await present()).repositories.map((one) => [`${one.repo}/${one.arch}`, one.heads.map(({ hashes }) => hashes.sha256)]),
  );
const changedIn = async (path: string): Promise<number | undefined> =>
  (await present()).directories.find((one) => one.path === path)?.changedIn;
const change = (stamp: number): void => {
  master.put(REPOMD, repomd(stamp), stamp);
  master.put(PACKAGE, `package ${stamp}`, stamp);
};

describe('scan-master', () => {
  it('publishes what the master holds: directories, repositories, heads with their hashes', async () => {
    expect(await scan()).toEqual({
      kind: 'published',
      generation: 1,
      changes: {
        directoriesAdded: 8,
        directoriesChanged: 0,
        directoriesRemoved: 0,
        repositoriesAdded: ['debian-sid/amd64', 'debian-sid/arm64', 'fedora-41/x86_64'],
        repositoriesChanged: [],
        repositoriesRemoved: [],
      },
      problems: [],
      heldBack: [],
    });
    const { repositories } = await present();
    expect(repositories[2]).toEqual({
      repo: 'fedora-41',
      arch: 'x86_64',
      type: 'rpm',
      directory: 'releases/41/x86_64',
      headPath: REPOMD,
      heads: [
        {
          sizeBytes: repomd(100).length,
          timestampSeconds: 100,
          hashes: fileHashes(new Uint8Array(Buffer.from(repomd(100)))),
          firstSeenMs: nowMs,
        },
      ],
    });
    expect(repositories[0]).toMatchObject({ type: 'apt', directory: '', headPath: INRELEASE });
  });

  it('reads no head again and publishes nothing when nothing changed, but notes the scan', async () => {
    await scan();
    master.reads.length = 0;
    nowMs += 60_000;
    expect(await scan()).toEqual({ kind: 'unchanged', generation: 1, problems: [], heldBack: [] });
    expect(master.reads).toEqual([]);
    expect(await store.pointer('linux')).toMatchObject({ generation: 1, changedMs: 10_000_000, scannedMs: 10_060_000 });
    expect(store.objects.size).toBe(1);
  });

  it('follows a change and keeps the earlier head', async () => {
    await scan();
    change(200);
    nowMs += 60_000;
    expect(await scan()).toMatchObject({
      kind: 'published',
      generation: 2,
      changes: { repositoriesChanged: ['fedora-41/x86_64'] },
    });
    expect((await heads())['fedora-41/x86_64']).toEqual([sha256(repomd(200)), sha256(repomd(100))]);
    expect([await changedIn('releases/41/x86_64/Packages'), await changedIn('dists/sid')]).toEqual([2, 1]);
  });

  it.each([
    { kind: 'partial', reason: 'io error' },
    { kind: 'unreachable', reason: 'connection refused' },
    { kind: 'refused', reason: 'unknown module' },
  ] as const)('publishes nothing from a listing that ended $kind', async (ending) => {
    await scan();
    const before = [await store.pointer('linux'), store.objects.size];
    master.files.delete(REPOMD);
    master.ending = ending;
    master.reads.length = 0;
    expect(await scan()).toEqual(ending);
    expect([await store.pointer('linux'), store.objects.size]).toEqual(before);
    expect(master.reads).toEqual([]);
  });

  it('refuses an empty master, first and later', async () => {
    await scan();
    master.files.clear();
    expect(await scan()).toEqual({ kind: 'refused', reason: 'the master lists no file at all' });
    expect(await store.pointer('linux')).toMatchObject({ generation: 1 });
  });

  it('does not mix two states when the master changes between the listing and the read', async () => {
    await scan();
    change(200);
    master.afterListing = () => change(3000);
    nowMs += 60_000;
    const outcome = await scan();
    expect(outcome).toMatchObject({
      heldBack: [{ headPath: REPOMD, reason: `it has ${repomd(3000).length} bytes, not the listed ${repomd(200).length}` }],
    });
    expect((await heads())['fedora-41/x86_64']).toEqual([sha256(repomd(100))]);
    expect(await changedIn('releases/41/x86_64/repodata')).toBe(1);
    master.afterListing = () => undefined;
    nowMs += 60_000;
    expect(await scan()).toMatchObject({ kind: 'published', heldBack: [] });
    expect((await heads())['fedora-41/x86_64']).toEqual([sha256(repomd(3000)), sha256(repomd(100))]);
    expect(await changedIn('releases/41/x86_64/repodata')).toBe(3);
  });

  it.each([
    ['fails', { kind: 'failed', reason: 'HTTP 503' }, 'HTTP 503'],
    ['finds nothing', { kind: 'absent' }, 'it is listed and not there'],
    ['is too large', { kind: 'too-large' }, 'it is too large for a head'],
  ] as const)('keeps the repository as it was when the read of its head %s, and tries again', async (_, answer, reason) => {
    await scan();
    change(200);
    master.answers.set(REPOMD, answer);
    nowMs += 60_000;
    expect(await scan()).toMatchObject({ kind: 'published', heldBack: [{ headPath: REPOMD, reason }] });
    expect((await heads())['fedora-41/x86_64']).toEqual([sha256(repomd(100))]);
    nowMs += 60_000;
    expect(await scan()).toMatchObject({ kind: 'unchanged', heldBack: [{ headPath: REPOMD, reason }] });
    expect(await store.pointer('linux')).toMatchObject({ scannedMs: 10_000_000 });
    master.answers.clear();
    expect(await scan()).toMatchObject({ kind: 'published', heldBack: [] });
    expect((await heads())['fedora-41/x86_64']).toEqual([sha256(repomd(200)), sha256(repomd(100))]);
  });

  it('leaves a repository out until its head can be read, and never publishes garbage', async () => {
    master.put(REPOMD, '<html>soon</html>', 100);
    expect(await scan()).toMatchObject({ kind: 'published', heldBack: [{ headPath: REPOMD }] });
    expect(Object.keys(await heads())).toEqual(['debian-sid/amd64', 'debian-sid/arm64']);
    master.put(REPOMD, repomd(101), 100);
    await scan();
    expect((await heads())['fedora-41/x86_64']).toEqual([sha256(repomd(101))]);
  });

  it('reads a head again that was so young that a second change within the second would not show', async () => {
    nowMs = 101_000;
    await scan();
    const twin = repomd(100).replace('primary', 'another');
    master.put(REPOMD, twin, 100);
    nowMs += 60_000;
    expect(await scan()).toMatchObject({ kind: 'published', generation: 2 });
    expect((await heads())['fedora-41/x86_64']?.[0]).toBe(sha256(twin));
    expect(await changedIn('releases/41/x86_64/repodata')).toBe(2);
    master.reads.length = 0;
    nowMs += 60_000;
    await scan();
    expect(master.reads).toEqual([]);
  });

  it("believes a digest of the master's own list", async () => {
    master.digests = true;
    await scan();
    const twin = repomd(100).replace('primary', 'another');
    master.put(REPOMD, twin, 100);
    nowMs += 60_000;
    expect(await scan()).toMatchObject({ kind: 'published', generation: 2 });
    expect((await heads())['fedora-41/x86_64']?.[0]).toBe(sha256(twin));
  });

  it('makes a head that returns the newest again', async () => {
    await scan();
    change(200);
    nowMs += 60_000;
    await scan();
    change(100);
    nowMs += 60_000;
    await scan();
    expect((await heads())['fedora-41/x86_64']).toEqual([sha256(repomd(100)), sha256(repomd(200))]);
  });

  it('follows the architectures of a Release file', async () => {
    await scan();
    master.put(INRELEASE, release('amd64 riscv64'), 200);
    nowMs += 60_000;
    expect(await scan()).toMatchObject({
      changes: {
        repositoriesAdded: ['debian-sid/riscv64'],
        repositoriesChanged: ['debian-sid/amd64'],
        repositoriesRemoved: ['debian-sid/arm64'],
      },
    });
  });

  it('can be killed between the object and the pointer: the next scan publishes the same generation', async () => {
    await scan();
    change(200);
    nowMs += 60_000;
    store.beforePointer = () => {
      throw new Fault('killed');
    };
    await expect(scan()).rejects.toThrow('killed');
    expect(await store.pointer('linux')).toMatchObject({ generation: 1 });
    store.beforePointer = () => undefined;
    expect(await scan()).toMatchObject({ kind: 'published', generation: 2 });
    expect((await present()).generation).toBe(2);
  });

  it('loses to another scan that published first, and changes nothing', async () => {
    await scan();
    change(200);
    nowMs += 60_000;
    store.beforePointer = () => {
      store.beforePointer = () => undefined;
      void store.publish(
        { category: 'linux', generation: 2, createdMs: 1, nextDirectoryId: 9, directories: [], repositories: [] },
        1,
        1,
      );
    };
    expect(await scan()).toEqual({ kind: 'lost' });
    expect(await present()).toMatchObject({ createdMs: 1 });
  });

  it('scans the other categories when one fails, and then fails', async () => {
    const bad = scannedCategory('bad', { kind: 'directory', path: '/bad' });
    const good = scannedCategory('linux', { kind: 'directory', path: '/' });
    const masters: ScanMasterDeps['masters'] = (one) => {
      if (one.kind === 'directory' && one.path === '/bad') throw new Fault('no disk');
      return master.reader();
    };
    const both = { ...deps, masters, inventory: { load: async () => scannedInventory([bad, good]) } };
    await expect(scanMaster(both, { category: undefined })).rejects.toThrow('no disk');
    expect(await store.pointer('linux')).toMatchObject({ generation: 1 });
  });

  it('says so when the category does not exist', async () => {
    expect(await scanMaster(deps, { category: 'moon' })).toEqual({ moon: { kind: 'unknown-category' } });
  });
});

describe('the edges of scan-master', () => {
  it('take the event of a schedule and {}, and refuse what is neither', () => {
    expect(parseScanInput({ category: 'linux' })).toEqual({ category: 'linux' });
    expect(parseScanInput({ version: '0', source: 'aws.events' })).toEqual({ category: undefined });
    expect(parseScanInput(undefined)).toEqual({ category: undefined });
    for (const bad of [{ category: 7 }, { category: '' }, 'linux', 7]) expect(() => parseScanInput(bad)).toThrow(WireError);
  });

  it('name everything that is missing in the environment at once', () => {
    expect(() => parseConfig({ MIRRORTIDE_BUCKET: 'b' })).toThrow(
      new ConfigError('missing: MIRRORTIDE_INVENTORY_TABLE, MIRRORTIDE_POINTER_TABLE'),
    );
  });
});
