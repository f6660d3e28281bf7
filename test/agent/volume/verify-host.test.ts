import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ContentServer, contentServer } from '../../support/content-server.ts';
import { useEmulators } from '../../support/emulators.ts';
import { hashOf } from '../../support/tree-arbitrary.ts';
import { useVolumeScene } from './support/volume-scene.ts';

const scene = useVolumeScene(useEmulators());

const LARGE = 'x'.repeat(1_100_000);

let host: ContentServer;
beforeEach(async () => {
  host = await contentServer(scene().setup);
  await scene().put('small +?#%.txt', 'small');
  await scene().put('a/large', LARGE);
  await scene().said('wendy', 'publish', 'tools', scene().folder, '--release');
});
afterEach(() => host.close());

const verify = (...words: readonly string[]) => scene().said('carol', 'verify', 'tools', '--url', host.url, ...words);

test('every file of what is current is asked for below the mount, and behind redirects', async () => {
  expect(await verify()).toMatchObject({ outcome: 'done', asked: 2, differing: 0, differences: [] });
  expect(host.asked.toSorted()).toEqual([
    `HEAD /_o/sha256/${hashOf(LARGE)}/large`,
    'HEAD /tools/a/large',
    'HEAD /tools/small%20+%3F%23%25.txt',
  ]);
  expect(await verify('--deep')).toMatchObject({ outcome: 'done', asked: 2, differing: 0 });
  expect(await scene().typed('carol', 'verify', 'tools', '--url', `${host.url}/`)).toMatchObject({
    code: 0,
    out: `${host.url}/tools/: all 2 files are those of release 1\n`,
  });
});

test('a release that is named is asked for at its own place, or a sample of it', async () => {
  host.asked.length = 0;
  expect(await scene().said('carol', 'verify', 'tools@1', '--url', host.url, '--sample', '1')).toMatchObject({
    asked: 1,
    differing: 0,
  });
  expect(host.asked[0]).toMatch(/^HEAD \/tools@1\//);
});

test.each([
  [
    'is of another release',
    { status: 200, headers: { etag: `"sha256-${'0'.repeat(64)}"` }, body: 'small' },
    /^is sha256-0{64} and should be sha256-[0-9a-f]{64}$/,
  ],
  ['has no tag', { status: 200, headers: {}, body: 'small' }, /^its tag is missing and should be "sha256-/],
  [
    'is shorter',
    { status: 200, headers: { etag: `"sha256-${hashOf('small')}"` }, body: 'sma' },
    /^has 3 bytes and should have 5$/,
  ],
  ['is missing', { status: 404, headers: {}, body: '' }, /^status 404$/],
  ['is not answered', { status: 503, headers: {}, body: '' }, /^status 503$/],
  [
    'leads nowhere',
    { status: 302, headers: { location: '/tools/small%20+%3F%23%25.txt' }, body: '' },
    /^redirects more than 5 times$/,
  ],
  ['leads elsewhere', { status: 302, headers: { location: 'ftp://elsewhere/' }, body: '' }, /^redirects to ftp:/],
])('a file that %s is told', async (_, { status, headers, body }, message) => {
  host.instead = (path) =>
    path.startsWith('/tools/small') ? { status, headers: { ...headers }, body: Buffer.from(body) } : undefined;
  expect(await verify()).toMatchObject({
    outcome: 'differs',
    exitCode: 7,
    asked: 2,
    differing: 1,
    differences: [{ path: 'small +?#%.txt', message: expect.stringMatching(message) }],
  });
});

test('bytes that are not what the tag says are found by reading them', async () => {
  const headers = { etag: `"sha256-${hashOf('small')}"` };
  host.instead = (path) => (path.startsWith('/tools/small') ? { status: 200, headers, body: Buffer.from('smale') } : undefined);
  expect(await verify()).toMatchObject({ differing: 0 });
  const { code, out } = await scene().typed('carol', 'verify', 'tools', '--url', host.url, '--deep');
  expect({ code, out }).toEqual({
    code: 7,
    out: `small +?#%.txt: sends bytes of sha256-${hashOf('smale')} and should send sha256-${hashOf('small')}\n${host.url}/tools/: 1 of 2 files differ\n`,
  });
});
