import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildWheel, wheelFileName } from '../../support/build-wheel.ts';
import { type ContentServer, contentServer } from '../../support/content-server.ts';
import { useEmulators } from '../../support/emulators.ts';
import { useVolumeScene } from './support/volume-scene.ts';

const scene = useVolumeScene(useEmulators());

let host: ContentServer;
beforeEach(async () => {
  host = await contentServer(scene().setup);
});
afterEach(() => host.close());

const HAT = { project: 'hat', version: '1.0', requiresPython: '>=3.9' };

test('an index is made of the wheels in any folders, and leads to them', async () => {
  const { put, said, folder } = scene();
  const wheel = await buildWheel(HAT);
  await put(`deep/er/${wheelFileName(HAT)}`, wheel);
  await put('zz/hat-0.9.tar.gz', 'source');
  await put('a_hat-2.0.zip', 'source');
  expect(await said('wendy', 'publish', 'wheels', folder, '--release')).toMatchObject({ result: 'released', files: 6, added: 6 });
  const accept = 'application/vnd.pypi.simple.v1+json';
  const index = await fetch(`${host.url}/wheel/any/simple/`, { headers: { accept } });
  expect(await index.json()).toMatchObject({ projects: [{ name: 'a-hat' }, { name: 'hat' }] });
  const page = (await (await fetch(`${host.url}/wheel/any/simple/hat/`, { headers: { accept } })).json()) as {
    files: readonly { url: string; filename: string }[];
  };
  expect(page).toMatchObject({
    versions: ['0.9', '1.0'],
    files: [
      { filename: 'hat-0.9.tar.gz', size: 6 },
      { filename: wheelFileName(HAT), 'requires-python': '>=3.9' },
    ].toSorted((one, other) => (one.filename < other.filename ? -1 : 1)),
  });
  const found = await fetch(new URL(page.files.find(({ filename }) => filename.endsWith('.whl'))?.url ?? '', host.url));
  expect(new Uint8Array(await found.arrayBuffer())).toEqual(wheel);
  expect(await said('ann', 'publish', 'wheels', folder)).toMatchObject({ result: 'unchanged' });
});

test('one more wheel changes two pages', async () => {
  const { put, said, folder } = scene();
  await put(wheelFileName(HAT), await buildWheel(HAT));
  await put('cap-1.0.tar.gz', 'source');
  await said('wendy', 'publish', 'wheels', folder, '--release');
  const next = { ...HAT, version: '1.1' };
  await put(wheelFileName(next), await buildWheel(next));
  expect(await said('wendy', 'publish', 'wheels', folder, '--dry-run')).toMatchObject({
    added: 1,
    changed: 1,
    removed: 0,
    objects: 4,
  });
  await put('new-1.0.tar.gz', 'source');
  expect(await said('wendy', 'publish', 'wheels', folder, '--dry-run')).toMatchObject({ added: 3, changed: 2, removed: 0 });
});

test('a directory that has an index keeps it, and --no-index makes none', async () => {
  const { put, said, folder } = scene();
  await put('hat-1.0.tar.gz', 'source');
  expect(await said('ann', 'publish', 'wheels', folder, '--no-index', '--dry-run')).toMatchObject({ files: 1 });
  await put('simple/index.html', '<!DOCTYPE html>');
  expect(await said('ann', 'publish', 'wheels', folder, '--dry-run')).toMatchObject({ files: 2 });
  expect(await said('ann', 'publish', 'tools', folder, '--dry-run')).toMatchObject({ files: 2 });
});

test('what no index can offer is told before anything is sent', async () => {
  const { put, typed, folder, sent } = scene();
  await put('hat-1.0-py3-none-any.whl', 'no wheel');
  await put('hat.tar.gz', 'source');
  expect(await typed('ann', 'publish', 'wheels', folder)).toMatchObject({
    code: 1,
    err: `mirrortide: 2 files cannot be published; nothing was sent
    hat-1.0-py3-none-any.whl: has no directory at its end: it is cut off, or no zip archive
    hat.tar.gz: is not named NAME-VERSION of a version that can be
`,
  });
  expect(sent).toEqual([]);
});

test('a file where the index would be keeps its place', async () => {
  const { put, typed, folder } = scene();
  await put('simple', 'a file');
  expect(await typed('ann', 'publish', 'wheels', folder)).toMatchObject({ code: 0 });
});
