import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import type { VolumeType, VolumeUpstream } from '#domain/volume/volume.ts';
import { useEmulators } from '../../support/emulators.ts';
import { httpServer, type TestServer } from '../../support/raw-server.ts';
import { startRsyncDaemon } from '../../support/rsync-daemon.ts';
import { hashOf } from '../../support/tree-arbitrary.ts';
import { type Declared, type UpdateWorld, updateWorld } from '../../support/update-setup.ts';

const emulators = useEmulators();
const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

type Answer = string | Uint8Array | ((response: ServerResponse) => void);

interface Attacked extends UpdateWorld {
  /** Paths that upstream was asked for, without the top. */
  readonly asked: string[];
}

const TOP = '/pub/top';

/** A volume whose upstream answers so, and 404 to all else. */
const attacked = async (
  type: VolumeType,
  answers: Readonly<Record<string, Answer>>,
  more: Partial<Omit<Declared, 'upstream'>> & { readonly upstream?: Partial<VolumeUpstream> } = {},
) => {
  const asked: string[] = [];
  const server = await httpServer(({ url = '' }: IncomingMessage, response) => {
    asked.push(url.startsWith(`${TOP}/`) ? url.slice(TOP.length + 1) : `OUTSIDE ${url}`);
    const answer = answers[url.slice(TOP.length + 1)];
    if (typeof answer === 'function') answer(response);
    else if (answer === undefined) response.writeHead(404).end();
    else response.end(answer);
  });
  servers.push(server);
  const { upstream, ...rest } = more;
  const world = await updateWorld(emulators, { type, ...rest, upstream: { url: `${server.url}${TOP}`, ...upstream } });
  return { ...world, asked } satisfies Attacked;
};

/** Its end, and that nothing came of it: no release that could ever be released, and no lease that keeps others out. */
const endOf = async ({ update, store, deps }: UpdateWorld): Promise<string> => {
  const outcome = await update();
  expect(deps.checkQueue.take()).toEqual([]);
  expect((await store.pointer('v')).lease).toBeUndefined();
  for (const { state } of await store.releases('v')) expect(state).toBe('STAGING');
  return outcome.kind === 'updated' ? `${outcome.end}: ${outcome.problem}` : outcome.kind;
};

const list = (...paths: readonly string[]): string => paths.map((path) => `${hashOf('good')}  ${path}\n`).join('');

/** A repository with one package, as its index describes it. */
const rpmAnswers = (href: string, size = 4, packages = '1'): Record<string, Answer> => {
  const primary = gzipSync(
    `<metadata packages="${packages}"><package type="rpm"><name>p</name><arch>noarch</arch><version ver="1" rel="1"/>
    <checksum type="sha256" pkgid="YES">${hashOf('good')}</checksum><size package="${size}"/><location href="${href}"/></package></metadata>`,
  );
  const repomd = `<repomd><data type="primary"><checksum type="sha256">${hashOf(primary)}</checksum>
    <location href="repodata/primary.xml.gz"/><size>${primary.length}</size></data></repomd>`;
  return { 'repodata/repomd.xml': repomd, 'repodata/primary.xml.gz': primary };
};

const endless = (response: ServerResponse): void => {
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(65_536)));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
};

describe('what upstream says of a file', () => {
  test.each([
    ['other bytes', 'evil', 'a is sha256-'],
    ['fewer bytes', 'goo', 'a is sha256-'],
    ['no such file', undefined, 'a is listed and not there'],
  ])('is not so: %s', async (_, answer, problem) => {
    const world = await attacked('files', { SHA256SUMS: list('a'), ...(answer === undefined ? {} : { a: answer }) });
    expect(await endOf(world)).toContain(`upstream_broken: ${problem}`);
  });

  test('is the size, and more comes than that', async () => {
    const world = await attacked('rpm', { ...rpmAnswers('p.rpm'), 'p.rpm': endless });
    expect(await endOf(world)).toContain('larger than 4 bytes');
  });

  test('is the size, and less comes than that', async () => {
    const world = await attacked('rpm', { ...rpmAnswers('p.rpm', 5), 'p.rpm': 'good' });
    expect(await endOf(world)).toBe('upstream_broken: p.rpm has 4 bytes, and not 5 as upstream says');
  });

  test('is nothing, and it does not end: the quota ends it', async () => {
    const world = await attacked('files', { SHA256SUMS: list('a'), a: endless }, { quotaBytes: 100_000 });
    expect(await endOf(world)).toContain('larger than 100000 bytes');
  });

  test('is that it is larger than any file can be', async () => {
    const world = await attacked('rpm', rpmAnswers('p.rpm', 6_000_000_000));
    expect(await endOf(world)).toContain('guarded: p.rpm is larger than');
    expect(world.asked).not.toContain('p.rpm');
  });

  test('is no size at all, and many files: no more is copied than the quota, whatever the number of runs', async () => {
    const paths = Array.from({ length: 40 }, (_, at) => `f${at}`);
    const answers = Object.fromEntries(paths.map((path) => [path, path.padEnd(100, '.')]));
    const sums = paths.map((path) => `${hashOf(path.padEnd(100, '.'))}  ${path}\n`).join('');
    const world = await attacked('files', { SHA256SUMS: sums, ...answers }, { quotaBytes: 4_000 });
    for (let runs = 0; runs < 3; runs += 1) {
      expect(await endOf(world)).toBe('guarded: what upstream has is more than the quota of 4000 bytes');
      world.clock.advance(3_600_000);
    }
    const copied = world.asked.filter((path) => path.startsWith('f')).length;
    expect(copied).toBeGreaterThan(0);
    expect(copied).toBeLessThan(20);
  });

  test('is that the volume would be larger than its quota: nothing is copied', async () => {
    const world = await attacked('rpm', rpmAnswers('p.rpm', 1_000_000), { quotaBytes: 500_000 });
    expect(await endOf(world)).toContain('guarded: what upstream has has');
    expect(world.asked).not.toContain('p.rpm');
  });
});

describe('where upstream sends us', () => {
  const to = (location: string) => (response: ServerResponse) => void response.writeHead(302, { location }).end();

  test.each([
    ['to the metadata of the cloud', 'http://169.254.169.254/latest/'],
    ['to a private address', 'http://10.0.0.1/'],
    ['to another loopback address', 'http://127.0.0.2/'],
    ['to a file', 'file:///etc/passwd'],
    ['in a circle', `${TOP}/a`],
  ])('%s', async (_, location) => {
    const world = await attacked('files', { SHA256SUMS: list('a'), a: to(location) });
    expect(await endOf(world)).toMatch(/^upstream_broken: /);
    expect(world.asked.filter((path) => path.startsWith('OUTSIDE'))).toEqual([]);
  });

  test('elsewhere on its own address, which is all right', async () => {
    const world = await attacked('files', { SHA256SUMS: list('a'), a: to(`${TOP}/b`), b: 'good' });
    expect(await world.follow()).toEqual(['sealing', 'released']);
    expect(await world.text('a')).toBe('good');
  });
});

describe('a path that leads out', () => {
  test.each(['../../etc/passwd', '/etc/passwd', 'a/../../b', 'http://127.0.0.1/x'])('in a list: %s', async (path) => {
    const world = await attacked('files', { SHA256SUMS: list(path) });
    expect(await endOf(world)).toContain('upstream_broken: SHA256SUMS names a path out of its folder');
    expect(new Set(world.asked)).toEqual(new Set(['SHA256SUMS']));
  });

  test.each(['../../../etc/passwd', '/etc/passwd', 'Packages/../../x.rpm', 'http://127.0.0.1/x.rpm'])(
    'in an index of packages: %s',
    async (href) => {
      const world = await attacked('rpm', rpmAnswers(href));
      expect(await endOf(world)).toContain('leads out of the repository');
      expect(world.asked.filter((path) => path.startsWith('OUTSIDE'))).toEqual([]);
    },
  );

  const suite = (packages: string, path = 'main/binary-amd64/Packages.gz'): Record<string, Answer> => {
    const bytes = gzipSync(packages);
    const release = `Codename: s\nSHA256:\n ${hashOf(bytes)} ${bytes.length} ${path}\n`;
    return { 'dists/s/Release': release, [`dists/s/${path}`]: bytes };
  };

  test('in a suite, and in its index', async () => {
    const stanza = (name: string) => `Package: p\nFilename: ${name}\nSize: 4\nSHA256: ${hashOf('good')}\n`;
    for (const answers of [suite(stanza('../../x.deb')), suite(stanza('x.deb'), '../../../x/binary-amd64/Packages.gz')]) {
      const world = await attacked('apt', answers, { upstream: { suites: ['s'] } });
      expect(await endOf(world)).toContain('leads out of');
      expect(world.asked.filter((path) => path.startsWith('OUTSIDE'))).toEqual([]);
    }
  });

  test('of a wheel: it keeps its own name, in its own folder', async () => {
    const json = (files: unknown) => (response: ServerResponse) =>
      void response
        .setHeader('content-type', 'application/vnd.pypi.simple.v1+json')
        .end(JSON.stringify({ meta: { 'api-version': '1.1' }, name: 'p', files }));
    const file = (filename: string) => ({ filename, url: 'p-1.tar.gz', hashes: { sha256: hashOf('good') }, size: 4 });
    const files = [file('../../p-1.tar.gz'), file('q-1.tar.gz'), file('p-1.tar.gz')];
    const world = await attacked('pypi', { 'p/': json(files), 'p/p-1.tar.gz': 'good' }, { upstream: { projects: ['p'] } });
    expect(await world.follow()).toEqual(['sealing', 'released']);
    const { files: offered } = JSON.parse((await world.text('simple/p/index.v1_json')) ?? '');
    expect(offered.map(({ url }: { readonly url: string }) => url)).toEqual(['../../packages/p/p-1.tar.gz']);
  });
});

describe('an answer to what nobody asked', () => {
  const status =
    (code: number, headers = {}) =>
    (response: ServerResponse) =>
      void response.writeHead(code, headers).end();

  test('that nothing changed, of what was never read', async () => {
    const head = await attacked('files', { SHA256SUMS: status(304) });
    expect(await endOf(head)).toMatch(/^upstream_unreachable: .*HTTP 304$/);
    const file = await attacked('files', { SHA256SUMS: list('a'), a: status(304) });
    expect(await endOf(file)).toMatch(/^upstream_unreachable: .*HTTP 304$/);
  });

  test('that we may not read what we read before is no news of it', async () => {
    const answers: Record<string, Answer> = {
      SHA256SUMS: (response) => void response.writeHead(200, { etag: '"1"' }).end(list('a')),
      a: 'good',
    };
    const world = await attacked('files', answers);
    expect(await world.follow()).toEqual(['sealing', 'released']);
    answers['SHA256SUMS'] = status(403);
    answers['SHA512SUMS'] = 'another list';
    expect(await world.follow()).toEqual(['upstream_unreachable']);
    expect(await world.text('a')).toBe('good');
  });

  test('with a tag that is longer than what is remembered of all', async () => {
    const long = (response: ServerResponse): void => {
      response.writeHead(200, { etag: `"${'x'.repeat(9_000)}"`, 'last-modified': 'y'.repeat(300) }).end(list('a'));
    };
    const world = await attacked('files', { SHA256SUMS: long, a: 'good' });
    expect(await world.follow()).toEqual(['sealing', 'released']);
    expect((await world.deps.checks.read('v'))?.heads).toEqual([{ path: 'SHA256SUMS', sha256: hashOf(list('a')) }]);
    expect(await world.follow()).toEqual(['unchanged']);
  });
});

describe('an index that is not whole', () => {
  test.each([
    ['cut off', { 'repodata/repomd.xml': '<repomd><data type="primary"><loc' }],
    ['of nothing', { 'repodata/repomd.xml': '<repomd/>' }],
    ['a page of a proxy', { 'repodata/repomd.xml': '<!DOCTYPE html><html><body>Log in</body></html>' }],
    ['with fewer packages than it says', rpmAnswers('p.rpm', 4, '2')],
    ['with another digest', { ...rpmAnswers('p.rpm'), 'repodata/primary.xml.gz': gzipSync('<metadata/>') }],
    ['that is not there', {}],
  ])('%s', async (_, answers: Readonly<Record<string, Answer>>) => {
    expect(await endOf(await attacked('rpm', answers))).toMatch(/^upstream_broken: /);
  });

  test('of which the connection breaks in the middle, again and again', async () => {
    const cut = (response: ServerResponse): void => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('good', () => response.destroy());
    };
    const world = await attacked('files', { SHA256SUMS: list('a'), a: cut });
    expect(await endOf(world)).toMatch(/^upstream_unreachable: /);
    expect(world.asked.filter((path) => path === 'a')).toHaveLength(3);
  });

  test('in two ways at once: one path, two digests', async () => {
    const world = await attacked('files', { SHA256SUMS: `${list('a')}${hashOf('other')}  a\n` });
    expect(await endOf(world)).toContain('is described in two ways');
  });

  test('that makes a file of a folder', async () => {
    const world = await attacked('files', { SHA256SUMS: list('a', 'a/b'), a: 'good', 'a/b': 'good' });
    expect(await endOf(world)).toContain('upstream_broken: "a/b" a is a file and not a directory');
  });
});

test('an rsync daemon that shows nothing is not an empty upstream', async () => {
  const daemon = await startRsyncDaemon({
    modules: { m: { path: '/nonexistent' }, shut: { path: '/tmp', options: { 'hosts deny': '*' } } },
  });
  try {
    for (const name of ['m', 'shut', 'none']) {
      const upstream = { kind: 'rsync', url: daemon.url(name), filesUrl: 'http://127.0.0.1:1' } as const;
      const world = await updateWorld(emulators, { upstream });
      expect(await endOf(world)).toMatch(/^upstream_unreachable: /);
    }
  } finally {
    await daemon.stop();
  }
});
