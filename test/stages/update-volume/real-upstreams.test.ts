import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { freePort } from '../../../local/emulators/free-port.ts';
import { addAptPackages, addRpmPackages } from '../../support/build-repositories.ts';
import { buildWheel, wheelFileName } from '../../support/build-wheel.ts';
import { useEmulators } from '../../support/emulators.ts';
import { type NginxMirror, startNginxMirror } from '../../support/nginx-mirror.ts';
import { type RsyncDaemon, startRsyncDaemon } from '../../support/rsync-daemon.ts';
import { hashOf } from '../../support/tree-arbitrary.ts';
import { type UpdateWorld, updateWorld } from '../../support/update-setup.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const emulators = useEmulators();
let root = '';
let nginx: NginxMirror;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mirrortide-upstream-'));
  nginx = await startNginxMirror({ address: '127.0.0.1', port: await freePort(), root });
});
afterAll(async () => {
  await nginx?.stop();
  await rm(root, { recursive: true, force: true });
});

/** Hashes of the files below a folder, by path. */
const onDisk = async (folder: string): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>();
  for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const path = join(file.parentPath, file.name);
    found.set(path.slice(folder.length + 1), hashOf(new Uint8Array(await readFile(path))));
  }
  return found;
};

const inVolume = async ({ entries }: UpdateWorld): Promise<ReadonlyMap<string, string>> =>
  new Map([...(await entries())].map(([path, { sha256 }]) => [path, sha256]));

/** What nginx was asked while something was done. */
const requestsOf = async (work: () => Promise<unknown>): Promise<readonly string[]> => {
  const before = (await nginx.accessLog()).length;
  await work();
  return (await nginx.accessLog()).slice(before).map((line) => line.split(' ').slice(0, 3).join(' '));
};

/** Made long before it is copied: what was just written to is not trusted to be tagged anew when it changes. */
const age = async (path: string): Promise<void> => {
  const anHourAgo = Date.now() / 1_000 - 3_600;
  await utimes(path, anHourAgo, anHourAgo);
};

describe('a repository of rpm packages', () => {
  test('is copied whole, costs one request while it does not change, and only what is new afterwards', async () => {
    const folder = join(root, 'rpm');
    await addRpmPackages(folder, [{ name: 'hello', version: '1.0' }]);
    await age(join(folder, 'repodata/repomd.xml'));
    const world = await updateWorld(emulators, { type: 'rpm', upstream: { url: `${nginx.url}/rpm` } });
    expect(await world.follow()).toEqual(['sealing', 'released']);
    expect(await inVolume(world)).toEqual(await onDisk(folder));
    const { version } = await world.deps.volumes.pointer('v');

    expect(await requestsOf(async () => expect(await world.follow()).toEqual(['unchanged']))).toEqual([
      'GET /rpm/repodata/repomd.xml 304',
    ]);
    expect((await world.deps.volumes.pointer('v')).version).toBe(version);

    await addRpmPackages(folder, [{ name: 'more', version: '2.0' }]);
    const requests = await requestsOf(async () => expect(await world.follow()).toEqual(['sealing', 'released']));
    expect(requests.filter((line) => line.includes('.rpm'))).toEqual(['GET /rpm/Packages/more-2.0-1.noarch.rpm 200']);
    const copied = await inVolume(world);
    expect([...copied.keys()].filter((path) => path.endsWith('.rpm'))).toHaveLength(2);
    expect((await world.store.log('v', 4)).map(({ transition, by }) => `${transition} ${by}`)).toEqual([
      'give-back update',
      'commit update',
      'lease update',
      'validate check',
    ]);
  });

  test('is read again when it changed within the second in which it was read', async () => {
    const folder = join(root, 'quick');
    await addRpmPackages(folder, [{ name: 'quick', version: '1.0' }]);
    const head = join(folder, 'repodata/repomd.xml');
    // A minute ahead stands for the present second, however long this machine takes.
    const now = Math.floor(Date.now() / 1_000) + 60;
    await utimes(head, now, now);
    const world = await updateWorld(emulators, { type: 'rpm', upstream: { url: `${nginx.url}/quick` } });
    expect(await world.follow()).toEqual(['sealing', 'released']);
    await addRpmPackages(folder, [{ name: 'other', version: '1.0' }]);
    await utimes(head, now, now);
    const asked = await requestsOf(async () => expect(await world.follow()).toEqual(['sealing', 'released']));
    expect(asked).not.toContain('GET /quick/repodata/repomd.xml 304');
  });

  test('says to whoever it asks who is asking', async () => {
    const [line] = await nginx.accessLog();
    expect(line).toContain('mirrortide/');
    expect(line).toContain('tests@mirrors.example');
  });
});

describe('an archive of Debian packages', () => {
  test('is copied suite by suite, without plain indexes that are there compressed', async () => {
    const folder = join(root, 'apt');
    const layout = { suite: 'stable', architectures: ['amd64', 'arm64'] };
    await addAptPackages(folder, layout, [{ name: 'hello', version: '1.0' }]);
    await age(join(folder, 'dists/stable/Release'));
    const upstream = { url: `${nginx.url}/apt`, suites: ['stable'] };
    const world = await updateWorld(emulators, { type: 'apt', upstream });
    expect(await world.follow()).toEqual(['sealing', 'released']);
    const isWanted = ([path]: readonly [string, string]) => !path.endsWith('/Packages');
    expect(await inVolume(world)).toEqual(new Map([...(await onDisk(folder))].filter(isWanted)));
    expect(await world.follow()).toEqual(['unchanged']);

    await addAptPackages(folder, layout, [{ name: 'hello', version: '1.1' }]);
    expect(await world.follow()).toEqual(['sealing', 'released']);
    expect(await inVolume(world)).toEqual(new Map([...(await onDisk(folder))].filter(isWanted)));
  });
});

describe('an index of wheels', () => {
  const addWheel = async (version: string): Promise<string> => {
    const plan = { project: 'Hat_Shop', version, requiresPython: '>=3.9' };
    const [bytes, name] = [await buildWheel(plan), wheelFileName(plan)];
    await mkdir(join(root, 'files'), { recursive: true });
    await writeFile(join(root, 'files', name), bytes);
    const link = `<a href="../../files/${name}#sha256=${hashOf(bytes)}" data-requires-python="&gt;=3.9">${name}</a>`;
    await mkdir(join(root, 'simple/hat-shop'), { recursive: true });
    await appendFile(join(root, 'simple/hat-shop/index.html'), `${link}\n`);
    await writeFile(join(root, 'simple/index.html'), '<!DOCTYPE html><a href="hat-shop/">Hat.Shop</a>');
    return hashOf(bytes);
  };

  test('is copied, with an index of its own that pip can follow', async () => {
    const first = await addWheel('1.0');
    const world = await updateWorld(emulators, { type: 'wheel', upstream: { url: `${nginx.url}/simple` } });
    expect(await world.follow()).toEqual(['sealing', 'released']);
    const path = 'packages/hat-shop/Hat_Shop-1.0-py3-none-any.whl';
    expect([...(await inVolume(world)).keys()]).toEqual([path, 'simple/hat-shop/index.v1_json', 'simple/index.v1_json']);
    expect((await inVolume(world)).get(path)).toBe(first);
    expect(JSON.parse((await world.text('simple/hat-shop/index.v1_json')) ?? '')).toMatchObject({
      name: 'hat-shop',
      files: [{ url: `../../${path}`, hashes: { sha256: first }, 'requires-python': '>=3.9' }],
    });
    expect(await world.follow()).toEqual(['unchanged']);

    await addWheel('1.1');
    const requests = await requestsOf(async () => expect(await world.follow()).toEqual(['sealing', 'released']));
    expect(requests.filter((line) => line.includes('.whl'))).toEqual(['GET /files/Hat_Shop-1.1-py3-none-any.whl 200']);
  });
});

describe('a module of an rsync daemon', () => {
  let daemon: RsyncDaemon;
  beforeAll(async () => {
    await mkdir(join(root, 'module/images'), { recursive: true });
    daemon = await startRsyncDaemon({ modules: { m: { path: join(root, 'module') } } });
  });
  afterAll(() => daemon?.stop());

  test('is listed, and read over HTTP; what has its size and time is not read again', async () => {
    const folder = join(root, 'module');
    await writeFile(join(folder, 'images/disk 1.img'), 'x'.repeat(10_000));
    await writeFile(join(folder, 'run'), '#!/bin/sh\n');
    await chmod(join(folder, 'run'), 0o755);
    await writeFile(join(folder, 'note.txt'), 'one');
    await symlink('run', join(folder, 'link'));
    const upstream = { kind: 'rsync', url: daemon.url('m'), filesUrl: `${nginx.url}/module`, excludes: ['.*\\.log'] } as const;
    const world = await updateWorld(emulators, { upstream });
    await writeFile(join(folder, 'left.log'), 'not wanted');
    expect(await world.follow()).toEqual(['sealing', 'released']);
    const wanted = [...(await onDisk(folder))].filter(([path]) => path !== 'left.log');
    expect(await inVolume(world)).toEqual(new Map(wanted.toSorted(([one], [other]) => (one < other ? -1 : 1))));
    expect([...(await world.entries()).values()].map(({ path, mode }) => `${path} ${mode}`)).toEqual([
      'images/disk 1.img file',
      'note.txt file',
      'run executable',
    ]);
    expect(await requestsOf(async () => expect(await world.follow()).toEqual(['unchanged']))).toEqual([]);

    await writeFile(join(folder, 'note.txt'), 'two');
    await utimes(join(folder, 'note.txt'), 2_000_000_000, 2_000_000_000);
    const requests = await requestsOf(async () => expect(await world.follow()).toEqual(['sealing', 'released']));
    expect(requests).toEqual(['GET /module/note.txt 200']);
    expect(await world.text('note.txt')).toBe('two');
  });
});
