import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { addressGuard } from '#adapters/net/address-guard.ts';
import { directoryLister } from '#adapters/net/directory-lister.ts';
import { fileHashes } from '#adapters/net/file-hashes.ts';
import { httpPeer } from '#adapters/net/http-peer.ts';
import { masterReader } from '#adapters/net/master-reader.ts';
import { rsyncLister } from '#adapters/net/rsync-lister.ts';
import type { Category, Master, RepositoryRule } from '#domain/inventory/inventory.ts';
import type { Manifest } from '#domain/master/manifest.ts';
import type { ListedEntry } from '#ports/file-lister.ts';
import { scanMaster } from '../../functions/scan-master/scan-master.ts';
import type { ScanOutcome } from '../../functions/scan-master/scan-outcome.ts';
import { addAptPackages, addRpmPackages } from '../support/build-repositories.ts';
import { type MemoryManifestStore, memoryManifestStore } from '../support/memory-manifest-store.ts';
import { httpServer, type TestServer } from '../support/raw-server.ts';
import { type RsyncDaemon, startRsyncDaemon } from '../support/rsync-daemon.ts';
import { scannedCategory, scannedInventory } from '../support/scan-setup.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const RULES: readonly RepositoryRule[] = [
  {
    kind: 'repository',
    match: 'rpm/(?<v>[0-9]+)/(?<a>[^/]+)',
    type: 'rpm',
    repo: 'fedora-${v}',
    arch: '${a}',
    directory: undefined,
  },
  { kind: 'repository', match: 'apt/dists/(?<s>[^/]+)', type: 'apt', repo: 'debian-${s}', arch: '', directory: 'apt' },
];
const APT = { suite: 'stable', architectures: ['amd64', 'arm64'] };

let root = '';
let web: TestServer;
let daemon: RsyncDaemon;

/** The tree as Fedora's create-filelist would write it, with this machine's own clock of changes. */
const timeList = async (): Promise<string> => {
  const found: ListedEntry[] = [];
  await directoryLister().list(root, (entry) => found.push(entry));
  const type = { file: 'f', directory: 'd', symlink: 'l', other: 'f' };
  const lines = found
    .filter(({ path }) => path !== '')
    .map(({ path, kind, sizeBytes, modifiedSeconds }) => `${modifiedSeconds}\t${type[kind]}\t${sizeBytes}\tlinux/${path}`);
  const sums = [];
  for (const { path } of found.filter((entry) => entry.path.endsWith('repomd.xml'))) {
    sums.push(
      `${createHash('sha256')
        .update(await readFile(join(root, path)))
        .digest('hex')}\tlinux/${path}`,
    );
  }
  return ['[Version]', '2', '', '[Files]', ...lines, '', '[Checksums SHA256]', ...sums, '', '[End]', ''].join('\n');
};

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mirrortide-master-'));
  await addRpmPackages(join(root, 'rpm/41/x86_64'), [{ name: 'hello', version: '1.0' }]);
  await addAptPackages(join(root, 'apt'), APT, [{ name: 'hello', version: '1.0' }]);
  web = await httpServer((request, response) => {
    const serve = async (): Promise<void> => {
      if (request.url === '/fullfiletimelist') return void response.end(await timeList());
      const path = join(root, decodeURIComponent(request.url ?? ''));
      const found = await stat(path).catch(() => undefined);
      if (!found?.isFile()) return void response.writeHead(404).end();
      response.setHeader('last-modified', found.mtime.toUTCString());
      createReadStream(path).pipe(response);
    };
    serve().catch((error) => response.destroy(error));
  });
  daemon = await startRsyncDaemon({ modules: { master: { path: root } } });
});
afterAll(async () => {
  await daemon?.stop();
  await web?.stop();
  await rm(root, { recursive: true, force: true });
});

interface Scanner {
  readonly store: MemoryManifestStore;
  readonly scan: () => Promise<ScanOutcome | undefined>;
  readonly manifest: () => Promise<Manifest>;
}

const scanner = (master: Master): Scanner => {
  const guard = addressGuard({ allow: ['127.0.0.0/8'] });
  const http = httpPeer({ guard, version: '0', contact: 'https://mirrors.example', maxSocketsPerHost: 4, allowedPorts: 'any' });
  const rsync = rsyncLister({ guard, allowedPorts: 'any' });
  const category: Category = scannedCategory('linux', master, { rules: RULES });
  const store = memoryManifestStore();
  const deps = {
    inventory: { load: async () => scannedInventory([category]) },
    manifests: store,
    masters: () => masterReader(master, { http, rsync, directories: directoryLister() }),
    hashes: fileHashes,
    clock: { now: Date.now },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  };
  return {
    store,
    scan: async () => (await scanMaster(deps, { category: 'linux' }))['linux'],
    manifest: async () => {
      const pointer = await store.pointer('linux');
      if (pointer === undefined) throw new Error('nothing was published');
      return store.read(pointer);
    },
  };
};

const newestHeads = (manifest: Manifest): Record<string, string | undefined> =>
  Object.fromEntries(manifest.repositories.map((one) => [`${one.repo}/${one.arch}`, one.heads[0]?.hashes.sha256]));

const onDisk = async (): Promise<Record<string, string>> => {
  const hash = async (path: string): Promise<string> =>
    createHash('sha256')
      .update(await readFile(join(root, path)))
      .digest('hex');
  const release = await hash('apt/dists/stable/Release');
  return {
    'debian-stable/amd64': release,
    'debian-stable/arm64': release,
    'fedora-41/x86_64': await hash('rpm/41/x86_64/repodata/repomd.xml'),
  };
};

const masters: [string, () => Master][] = [
  ['a local directory', () => ({ kind: 'directory', path: root })],
  ['rsync and HTTP', () => ({ kind: 'rsync', url: daemon.url('master'), headsUrl: web.url })],
  [
    'a time list and HTTP',
    () => ({ kind: 'fullfiletimelist', listUrl: `${web.url}/fullfiletimelist`, stripPrefix: 'linux/', headsUrl: web.url }),
  ],
  [
    'heads only',
    () => ({ kind: 'heads-only', url: web.url, repositories: ['rpm/41/x86_64', 'apt/dists/stable', 'apt/dists/gone'] }),
  ],
];

describe('a master with a repository of createrepo_c and one of apt-ftparchive', () => {
  it.each(masters)('is scanned through %s, and followed when it changes', async (name, master) => {
    const { scan, manifest } = scanner(master());
    expect(await scan()).toMatchObject({ kind: 'published', generation: 1, problems: [], heldBack: [] });
    expect(newestHeads(await manifest())).toEqual(await onDisk());
    expect(await scan()).toMatchObject({ kind: 'unchanged', heldBack: [] });

    const version = `2.${masters.findIndex(([one]) => one === name)}`;
    const before = await onDisk();
    await addRpmPackages(join(root, 'rpm/41/x86_64'), [{ name: 'hello', version }]);
    await addAptPackages(join(root, 'apt'), APT, [{ name: 'hello', version }]);
    expect(await scan()).toMatchObject({
      kind: 'published',
      generation: 2,
      changes: { repositoriesChanged: ['debian-stable/amd64', 'debian-stable/arm64', 'fedora-41/x86_64'] },
      heldBack: [],
    });
    const after = await manifest();
    expect(newestHeads(after)).toEqual(await onDisk());
    expect(after.repositories.map(({ heads }) => heads[1]?.hashes.sha256)).toEqual(Object.values(before));
    expect(after.repositories.every(({ heads }) => (heads[0]?.timestampSeconds ?? 0) > 1_700_000_000)).toBe(true);
  });

  it('looks the same through every listing', async () => {
    const seen = [];
    for (const [, master] of masters.slice(0, 3)) {
      const { scan, manifest } = scanner(master());
      await scan();
      const { directories, repositories } = await manifest();
      seen.push({
        directories: directories.filter(({ path }) => path !== '').map(({ modifiedSeconds: _, ...rest }) => rest),
        repositories: repositories.map(({ heads, ...rest }) => ({
          ...rest,
          heads: heads.map(({ firstSeenMs: __, ...head }) => head),
        })),
      });
    }
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });

  it('that is gone publishes nothing, whatever its kind', async () => {
    const gone = await httpServer((_, response) => response.writeHead(503).end());
    const dead = gone.url;
    await gone.stop();
    const endings = [];
    for (const master of [
      { kind: 'directory', path: join(root, 'none') },
      { kind: 'rsync', url: daemon.url('none'), headsUrl: web.url },
      { kind: 'rsync', url: dead.replace('http', 'rsync').concat('/x/'), headsUrl: web.url },
      { kind: 'fullfiletimelist', listUrl: `${web.url}/none`, stripPrefix: '', headsUrl: web.url },
      { kind: 'fullfiletimelist', listUrl: `${web.url}/rpm/41/x86_64/repodata/repomd.xml`, stripPrefix: '', headsUrl: web.url },
      { kind: 'fullfiletimelist', listUrl: dead, stripPrefix: '', headsUrl: web.url },
      { kind: 'heads-only', url: dead, repositories: ['rpm/41/x86_64'] },
    ] as const satisfies readonly Master[]) {
      const { scan, store } = scanner(master);
      endings.push([master.kind, (await scan())?.kind, store.objects.size]);
    }
    expect(endings).toEqual([
      ['directory', 'refused', 0],
      ['rsync', 'refused', 0],
      ['rsync', 'unreachable', 0],
      ['fullfiletimelist', 'refused', 0],
      ['fullfiletimelist', 'partial', 0],
      ['fullfiletimelist', 'unreachable', 0],
      ['heads-only', 'unreachable', 0],
    ]);
  });
});
