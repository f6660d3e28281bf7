import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { rename, symlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { decideAbort } from '#domain/volume/decide-release.ts';
import { decideExpiry, UNDECLARED, UNRELEASED_MS } from '#domain/volume/retention.ts';
import type { VolumeView } from '#domain/volume/take-transition.ts';
import type { VolumeDecision } from '#domain/volume/volume-state.ts';
import { MOST_UPLOAD_BYTES } from '#ports/volume-uploads.ts';
import { LARGEST_FILE_BYTES } from '../../../agent/volume/directory-entries.ts';
import type { StreamedRequest } from '../../../agent/volume/transfer/http-request.ts';
import { ask } from '../../support/a-volume.ts';
import { useEmulators } from '../../support/emulators.ts';
import { hashOf } from '../../support/tree-arbitrary.ts';
import { shortly } from '../../support/volumes-api-server.ts';
import { useVolumeScene } from './support/volume-scene.ts';

const scene = useVolumeScene(useEmulators());

const FILES = 8;
const someFiles = async (content = (at: number) => `content ${at}`): Promise<void> => {
  for (let at = 0; at < FILES; at += 1) await scene().put(`folder-${at % 3}/file-${at}`, content(at));
};

/** Of the first files, as administrator. */
const publishFirst = async () => {
  await someFiles();
  return scene().said('wendy', 'publish', 'tools', scene().folder, '--release');
};

const objectsSent = (): readonly string[] => scene().sent.map((path) => path.slice(path.lastIndexOf('/') + 1));

const HASH = /[0-9a-f]{64}/g;
const withoutHashes = (text: string): string => text.replaceAll(HASH, 'HASH');

describe('publish', () => {
  test('stores all of a first tree, waits for the check, and says how to release it', async () => {
    await someFiles();
    const { code, out, err } = await scene().typed('ann', 'publish', 'tools', scene().folder);
    expect({ code, err, out: withoutHashes(out) }).toEqual({
      code: 0,
      err: 'all of it is stored; waiting for the check\n',
      out: `validated: release 1 (HASH), 8 files, 72 B; it is not current yet
8 added, 0 changed, 0 removed; sent 10 objects, ${(await scene().said('ann', 'publish', 'tools', scene().folder, '--dry-run'))['objectBytes']} B
to compare: mirrortide diff tools current 1
to release: mirrortide release tools HASH
`,
    });
    expect(shortly(scene().server.asked).slice(0, 6)).toEqual([
      'GET volumes/tools',
      'POST volumes/tools/stage',
      'POST volumes/tools/objects',
      'POST volumes/tools/objects',
      'POST volumes/tools/releases/HASH/seal',
      'GET volumes/tools/releases/HASH',
    ]);
  });

  test('of what is current asks for the volume and its tree, sends nothing and makes no release', async () => {
    const { release } = await publishFirst();
    scene().server.asked.length = 0;
    scene().sent.length = 0;
    const again = await scene().said('ann', 'publish', 'tools', scene().folder);
    expect(again).toEqual({
      outcome: 'done',
      exitCode: 0,
      result: 'unchanged',
      volume: 'tools',
      release,
      files: FILES,
      bytes: 72,
    });
    expect(shortly(scene().server.asked)).toEqual(['GET volumes/tools', 'GET volumes/tools/documents/HASH']);
    expect(scene().sent).toEqual([]);
    expect(await scene().setup.volumes.releases('tools')).toHaveLength(1);
  });

  test('sends the root, the shard and the file that changed, without looking; files that moved are there', async () => {
    const first = await publishFirst();
    await scene().put('folder-1/file-1', 'changed');
    await rename(join(scene().folder, 'folder-2'), join(scene().folder, 'moved'));
    scene().server.asked.length = 0;
    scene().sent.length = 0;
    const second = await scene().said('wendy', 'publish', 'tools', scene().folder, '--release');
    expect(second).toMatchObject({ result: 'released', added: 2, changed: 1, removed: 2, sent: 3, present: 0 });
    expect(second['previous']).toBe(first['release']);
    expect(new Set(objectsSent().slice(0, 2))).toContain(second['release']);
    expect(objectsSent().slice(2)).toEqual([hashOf('changed')]);
    expect(shortly(scene().server.asked)).toEqual([
      'GET volumes/tools',
      'GET volumes/tools/documents/HASH',
      'GET volumes/tools/documents/HASH',
      'POST volumes/tools/stage',
      'POST volumes/tools/objects',
      'POST volumes/tools/objects',
      'POST volumes/tools/releases/HASH/seal',
      'GET volumes/tools/releases/HASH',
      'POST volumes/tools/release',
    ]);
  });

  test('prints what was current before, for whoever wants to go back', async () => {
    const first = await publishFirst();
    await scene().put('new', 'new');
    const { out } = await scene().typed('wendy', 'publish', 'tools', scene().folder, '--release', '--lease');
    expect(out).toContain('released: release 2 (');
    expect(out).toContain(`to go back: mirrortide rollback tools --to ${first['release']} --reason '...'\n`);
    expect((await scene().setup.volumes.pointer('tools')).lease).toBeUndefined();
  });

  test('with --dry-run only says what it would send', async () => {
    await someFiles();
    const { code, out } = await scene().typed('ann', 'publish', 'tools', scene().folder, '--dry-run');
    expect({ code, out: withoutHashes(out) }).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^would publish HASH: 8 files, 72 B\n8 added/),
    });
    expect(shortly(scene().server.asked)).toEqual(['GET volumes/tools']);
    expect(await scene().setup.volumes.releases('tools')).toEqual([]);
  });

  test('with --no-wait ends once all is stored', async () => {
    await someFiles();
    const said = await scene().said('ann', 'publish', 'tools', scene().folder, '--no-wait');
    expect(said).toMatchObject({ result: 'sealed', sent: FILES + 2 });
  });

  test('takes an archive as it takes a directory, and links as what they lead to', async () => {
    await someFiles();
    await symlink('folder-0/file-0', join(scene().folder, 'link'));
    const archive = join(scene().folder, '..', 'tree.tgz');
    execFileSync('tar', ['-czf', archive, '-C', scene().folder, '.']);
    const [directory, packed] = [
      await scene().said('ann', 'publish', 'tools', scene().folder, '--dry-run'),
      await scene().said('ann', 'publish', 'tools', archive, '--dry-run'),
    ];
    expect(directory).toMatchObject({ files: FILES + 1, objects: FILES + 2 });
    expect(packed).toEqual(directory);
    writeFileSync(archive, 'no archive');
    expect(await scene().typed('ann', 'publish', 'tools', archive)).toMatchObject({
      code: 1,
      err: expect.stringContaining('cannot be published: the artefact is no archive'),
    });
  });
});

describe('publish is refused', () => {
  test('before anything is sent while the volume is held, moved on, leased, or not the publisher’s', async () => {
    const { release } = await publishFirst();
    await scene().put('new', 'new');
    const { typed, said, folder, sent, setup } = scene();
    sent.length = 0;
    expect(await said('ann', 'publish', 'tools', folder, '--expect', 'none')).toMatchObject({
      outcome: 'conflict',
      exitCode: 4,
      refusal: 'moved',
      current: release,
    });
    await typed('eve', 'hold', 'tools', '--reason', 'freeze');
    expect(await typed('wendy', 'publish', 'tools', folder, '--release')).toMatchObject({
      code: 4,
      err: expect.stringMatching(
        /^mirrortide: tools is held by user:eve: freeze; .* resume tools ends the hold; nothing was sent\n$/,
      ),
    });
    await typed('eve', 'resume', 'tools');
    await setup.ask('ann', 'POST', '/volumes/tools/lease', {});
    expect(await said('wendy', 'publish', 'tools', folder, '--release')).toMatchObject({ exitCode: 4, refusal: 'leased' });
    expect(await said('robot', 'publish', 'tools', folder, '--lease')).toMatchObject({ exitCode: 4, refusal: 'leased' });
    expect(await said('bob', 'publish', 'tools', folder)).toMatchObject({ exitCode: 3, refusal: 'forbidden' });
    expect(await said('ann', 'publish', 'tools', folder, '--release')).toMatchObject({ exitCode: 3, refusal: 'forbidden' });
    expect(await said('ann', 'publish', 'other', folder)).toMatchObject({ exitCode: 3, refusal: 'unknown_volume' });
    expect(sent).toEqual([]);
    expect(await said('wendy', 'publish', 'tools', folder, '--release', '--fence', '1')).toMatchObject({ result: 'released' });
  });

  test('at the end when somebody else released meanwhile; what was current stays', async () => {
    await publishFirst();
    await scene().put('ours', 'ours');
    scene().server.beforeChecks = async () => {
      await scene().put('theirs', 'theirs');
      await scene().said('wendy', 'publish', 'tools', scene().folder, '--release');
    };
    const lost = await scene().said('wendy', 'publish', 'tools', scene().folder, '--release');
    expect(lost).toMatchObject({ outcome: 'conflict', exitCode: 4, refusal: 'moved' });
    expect((await scene().setup.volumes.pointer('tools')).moves).toBe(2);
  });

  test('when the check rejects it, with every problem; what is current stays', async () => {
    const { release } = await publishFirst();
    for (let at = 1; at < FILES; at += 1) rmSync(join(scene().folder, `folder-${at % 3}/file-${at}`));
    const { code, err } = await scene().typed('wendy', 'publish', 'tools', scene().folder, '--release');
    expect({ code, err: withoutHashes(err) }).toMatchObject({
      code: 5,
      err: expect.stringMatching(/mirrortide: release 2 \(HASH\) is rejected; what is current stays\n {4}\S/),
    });
    expect((await scene().setup.volumes.pointer('tools')).current).toBe(release);
    expect(await scene().said('wendy', 'publish', 'tools', scene().folder)).toMatchObject({
      outcome: 'rejected',
      sequence: 2,
      problems: [
        { path: '', message: 'shrinks from 8 files to 1; 20 % less is allowed' },
        { path: '', message: 'shrinks from 72 bytes to 9; 20 % less is allowed' },
      ],
    });
  });

  test('for files that cannot be published, all of them told at once', async () => {
    await scene().put('fine', 'x');
    await scene().put('large', '');
    truncateSync(join(scene().folder, 'large'), LARGEST_FILE_BYTES + 1);
    await symlink('/etc', join(scene().folder, 'out'));
    expect(await scene().typed('ann', 'publish', 'tools', scene().folder)).toMatchObject({
      code: 1,
      err: `mirrortide: 2 files cannot be published; nothing was sent
    large: it is larger than 5 GiB, which is the most that can be stored of one file
    out: it is a link that leads out of the directory
`,
    });
    expect(LARGEST_FILE_BYTES).toBe(MOST_UPLOAD_BYTES);
  });

  test.each([
    ['--wait', '--no-wait'],
    ['--release', '--no-wait'],
    ['--fence', '1', '--lease'],
    ['--fence', '0'],
    ['--concurrency', '65'],
    ['--expect', 'yesterday'],
    ['another'],
  ])('for misuse: %s %s', async (...words) => {
    expect((await scene().typed('ann', 'publish', 'tools', scene().folder, ...words)).code).toBe(2);
  });
});

describe('publish goes on', () => {
  test('where it was interrupted: what was stored is not sent again', async () => {
    await someFiles();
    const { server } = scene();
    scene().beforeSend = (request) => {
      if (scene().sent.length === 4) scene().interrupt();
      return request;
    };
    const words = ['publish', 'tools', scene().folder, '--concurrency', '1'] as const;
    expect(await scene().typed('ann', ...words)).toMatchObject({
      code: 130,
      err: 'mirrortide: interrupted; run it again to go on\n',
    });
    const before = new Set(objectsSent().slice(0, 3));
    scene().sent.length = 0;
    server.asked.length = 0;
    scene().beforeSend = (request) => request;
    const resumed = await scene().said('ann', ...words);
    expect(resumed).toMatchObject({ result: 'validated', sent: FILES + 2 - before.size, present: before.size });
    expect(objectsSent().filter((sha256) => before.has(sha256))).toEqual([]);
  });

  test('with a tree that changed since, once it meets what it sent before', async () => {
    await publishFirst();
    await someFiles((at) => `another ${at}`);
    await scene().typed('ann', 'publish', 'tools', scene().folder, '--no-wait');
    await scene().put('folder-0/file-0', 'newer one');
    scene().sent.length = 0;
    const said = await scene().said('ann', 'publish', 'tools', scene().folder);
    expect(said).toMatchObject({ result: 'validated', sent: 3, present: FILES - 1 });
  });

  test('after any answer that was lost, or a service that was busy', async () => {
    for (const [at, path] of ['/stage', '/objects', '/seal', '/release', '/volumes/tools'].entries()) {
      for (const fault of ['busy', 'lost-before', 'lost-after'] as const) {
        await scene().put('changing', `${path} ${fault}`.padEnd(30));
        let faults = 0;
        scene().server.fault = (_, asked) => {
          if (faults > 0 || !asked.endsWith(path)) return undefined;
          faults += 1;
          return fault;
        };
        const said = await scene().said('wendy', 'publish', 'tools', scene().folder, '--release');
        expect({ at, fault, faults, result: said['result'] ?? said }).toEqual({ at, fault, faults: 1, result: 'released' });
      }
    }
  });

  test('after uploads that failed', async () => {
    await someFiles();
    let failures = 0;
    scene().beforeSend = (request) => {
      failures += 1;
      return failures % 3 === 0 ? { ...request, url: new URL('http://127.0.0.1:9/') } : request;
    };
    expect(await scene().said('ann', 'publish', 'tools', scene().folder)).toMatchObject({ result: 'validated', sent: FILES + 2 });
    scene().beforeSend = (request) => ({ ...request, url: new URL('http://127.0.0.1:9/') });
    await scene().put('more', 'more');
    expect(await scene().said('ann', 'publish', 'tools', scene().folder)).toMatchObject({ outcome: 'unavailable', exitCode: 6 });
  });

  test('with new URLs when those that it had have expired', async () => {
    await someFiles();
    const { setup } = scene();
    setup.clock.nowMs -= 7_200_000;
    scene().beforeSend = (request) => {
      setup.clock.nowMs = Date.now();
      return request;
    };
    expect(await scene().said('ann', 'publish', 'tools', scene().folder)).toMatchObject({ result: 'validated', sent: FILES + 2 });
    expect(shortly(scene().server.asked).filter((one) => one.endsWith('/objects'))).toHaveLength(3);
  });

  test('once an object is doomed no more', async () => {
    await someFiles();
    const { setup } = scene();
    const doomed = hashOf('content 3');
    await setup.dooms.doom({ sha256: doomed, by: 'sweeper', atMs: setup.clock.nowMs });
    scene().onSleep = () => setup.dooms.lift(doomed, 'sweeper');
    expect(await scene().said('ann', 'publish', 'tools', scene().folder)).toMatchObject({ result: 'validated', sent: FILES + 2 });
    expect(scene().slept.length).toBeGreaterThan(0);
  });

  test.each(['expire', 'abort'])('after a day of sending, and not when somebody ended it: %s', async (operation) => {
    await someFiles();
    const { volumes } = scene().setup;
    let ends = 0;
    scene().beforeSend = (request) => {
      ends += 1;
      return ends > 1 ? request : { ...request, body: () => Readable.from(ended(request.body)) };
    };
    async function* ended(body: StreamedRequest['body']): AsyncGenerator<Buffer> {
      const [release] = await volumes.releases('tools');
      const asked = { volume: 'tools', nowMs: (release?.sinceMs ?? 0) + UNRELEASED_MS };
      const decide = (view: VolumeView): VolumeDecision =>
        operation === 'expire' ? decideExpiry(view, UNDECLARED, []) : decideAbort(view, 'not wanted');
      await ask(volumes, release?.root ?? '', decide, asked);
      if (body instanceof Buffer) yield body;
    }
    const said = await scene().said('ann', 'publish', 'tools', scene().folder);
    if (operation === 'expire') expect(said).toMatchObject({ result: 'validated', sent: FILES + 2 });
    else expect(said).toMatchObject({ outcome: 'refused', refusal: 'wrong-state' });
  });

  test('with what turned out to be missing when it was checked', async () => {
    await someFiles();
    // A store that says yes and keeps nothing.
    const liar = createServer((asked, response) => asked.resume().on('end', () => response.end())).listen(0, '127.0.0.1');
    await once(liar, 'listening');
    const nowhere = new URL(`http://127.0.0.1:${(liar.address() as AddressInfo).port}/`);
    const lost = hashOf('content 3');
    let lies = 0;
    scene().beforeSend = (request) => {
      if (!request.url.pathname.endsWith(lost) || lies > 0) return request;
      lies += 1;
      return { ...request, url: nowhere };
    };
    const { code, err, out } = await scene().typed('ann', 'publish', 'tools', scene().folder);
    liar.closeAllConnections();
    liar.close();
    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^validated: release 1 .*\n.*sent 1 objects, 9 B; 9 were there/),
    });
    expect(err).toContain('not stored: folder-0/file-3; publishing it again\n');
  });
});

describe('a file that changes while it is published', () => {
  test.each([
    ['is another of the same size', (path: string) => writeFileSync(path, 'CONTENT 3')],
    ['is longer', (path: string) => writeFileSync(path, 'content 3 and more')],
    ['is gone', (path: string) => rmSync(path)],
  ])('%s', async (_, change) => {
    await someFiles();
    scene().server.fault = (_method, path) => {
      if (path.endsWith('/stage')) change(join(scene().folder, 'folder-0/file-3'));
      return undefined;
    };
    expect(await scene().typed('ann', 'publish', 'tools', scene().folder)).toMatchObject({
      code: 1,
      err: 'mirrortide: folder-0/file-3 changed after it was hashed; run it again when nobody writes to it\n',
    });
  });
});
