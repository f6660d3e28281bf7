import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aptClient } from '../support/apt-client.ts';
import { addAptPackages, addRpmPackages } from '../support/build-repositories.ts';
import { dnfClient } from '../support/dnf-client.ts';
import { type MirrortideProcess, startMirrortide } from '../support/mirrortide-process.ts';
import { type NginxMirror, startNginxMirror } from '../support/nginx-mirror.ts';
import { type RsyncDaemon, startRsyncDaemon } from '../support/rsync-daemon.ts';
import { runProgram } from '../support/run-program.ts';
import { until } from '../support/until.ts';

/**
 * The whole way with nothing of our own at the ends: repositories built by createrepo_c and apt-ftparchive, a master behind a real
 * rsync daemon, mirrors that are real nginx servers, clients that are real dnf and apt.
 */
const PORT = 18_732;
const RPM_REPOSITORY = 'releases/41/Everything/x86_64/os';
const APT = { suite: 'stable', architectures: ['amd64'] };
const ADDRESSES = {
  master: '127.0.0.20',
  'current-de': '127.0.0.21',
  'current-us': '127.0.0.22',
  stale: '127.0.0.23',
  dead: '127.0.0.24',
  lying: '127.0.0.25',
  failing: '127.0.0.26',
} as const;
type Name = keyof typeof ADDRESSES;
const COUNTRIES: Record<string, string> = { 'current-us': 'US', failing: 'FR' };
const MIRRORS: readonly Name[] = ['current-de', 'current-us', 'stale', 'dead', 'lying', 'failing'];

let folder: string;
let rsyncd: RsyncDaemon;
let mirrorRsyncd: RsyncDaemon;
let tide: MirrortideProcess;
const servers: NginxMirror[] = [];
const tree = (name: Name): string => join(folder, name);

/** A mirror follows the master as mirrors do: with rsync. */
const sync = async (name: Name): Promise<void> => {
  for (const category of ['fedora', 'debian']) {
    await mkdir(join(tree(name), category), { recursive: true });
    const result = await runProgram('rsync', ['-a', '--delete', `${rsyncd.url(category)}/`, `${join(tree(name), category)}/`]);
    if (result.exitCode !== 0) throw new Error(result.stderr);
  }
};

const host = (name: Name): string => `
  - id: ${name}
    country: ${COUNTRIES[name] ?? 'DE'}
    carries:
      - category: fedora
        urls: [http://${ADDRESSES[name]}:${PORT}/fedora${name === 'current-de' ? `, ${mirrorRsyncd.url('fedora')}` : ''}]
      - category: debian
        urls: [http://${ADDRESSES[name]}:${PORT}/debian]`;

const category = (id: string, rules: string): string => `
  - id: ${id}
    topDirectory: ${id}
    master: { rsync: ${rsyncd.url(id)}, heads: http://${ADDRESSES.master}:${PORT}/${id} }
    schedule: { scanMaster: 1s, reach: 5s, heads: 2s, sample: 5s, full: 10s, probeAfterChange: [1s, 2s, 4s] }
    rules:
${rules}`;

const networkFile = (): string => `
network: { name: end to end, contact: tests@mirrors.example }
policies:
  crawl: { allowedAddresses: [127.0.0.0/8], allowedPorts: any }
  guard: { maximumShrinkShare: 1 }
localClient: { country: DE }
hosts:${MIRRORS.map(host).join('')}
categories:${category('fedora', "      - { match: 'releases/(?<version>[0-9]+)/Everything/(?<arch>[^/]+)/os', repo: 'fedora-${version}' }")}${category('debian', "      - { match: 'dists/(?<suite>[^/]+)', type: apt, repo: 'debian-${suite}' }")}
`;

/** The hosts a list names, in order. */
const listed = (body: string): Name[] =>
  [...body.matchAll(/http:\/\/(127\.0\.0\.\d+):/g)].flatMap(([, address]) =>
    MIRRORS.filter((name) => ADDRESSES[name] === address),
  );
const metalink = (client?: string) => tide.get('/metalink?repo=fedora-41&arch=x86_64', client);
const sha256 = (body: string): string =>
  /<verification>\s*<hash type="md5">[^<]*<\/hash>\s*<hash type="sha1">[^<]*<\/hash>\s*<hash type="sha256">([0-9a-f]+)/.exec(
    body,
  )?.[1] ?? '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-e2e-'));
  await mkdir(join(folder, 'master/fedora'), { recursive: true });
  await addRpmPackages(join(tree('master'), 'fedora', RPM_REPOSITORY), [{ name: 'tide-hello', version: '1.0' }]);
  await addAptPackages(join(tree('master'), 'debian'), APT, [{ name: 'tide-hello', version: '1.0' }]);
  rsyncd = await startRsyncDaemon({
    modules: { fedora: { path: join(tree('master'), 'fedora') }, debian: { path: join(tree('master'), 'debian') } },
  });
  // The first state is the stale mirror's; the master then moves on before anything is scanned, so no alternate covers it.
  await sync('stale');
  await addRpmPackages(join(tree('master'), 'fedora', RPM_REPOSITORY), [{ name: 'tide-hello', version: '2.0' }]);
  await addAptPackages(join(tree('master'), 'debian'), APT, [{ name: 'tide-hello', version: '2.0' }]);
  for (const name of ['current-de', 'current-us', 'lying', 'failing', 'dead'] as const) await sync(name);
  // The lying mirror has every file in its right size, and one byte of repomd.xml and of Release is another.
  for (const head of [join('fedora', RPM_REPOSITORY, 'repodata/repomd.xml'), 'debian/dists/stable/Release']) {
    const path = join(tree('lying'), head);
    await writeFile(path, (await readFile(path, 'latin1')).replace(/e(?=[^e]*$)/, 'f'), 'latin1');
  }
  mirrorRsyncd = await startRsyncDaemon({ modules: { fedora: { path: join(tree('current-de'), 'fedora') } } });
  for (const name of ['master', ...MIRRORS] as const) {
    if (name === 'dead') continue;
    servers.push(
      await startNginxMirror({
        address: ADDRESSES[name],
        port: PORT,
        root: tree(name),
        ...(name === 'failing' ? { directives: 'location / { return 503; }' } : {}),
      }),
    );
  }
  await writeFile(join(folder, 'network.yaml'), networkFile());
  tide = await startMirrortide(['--network', join(folder, 'network.yaml'), '--port', String(PORT + 1), '--trust-client-header']);
}, 180_000);

afterAll(async () => {
  await tide?.stop();
  for (const server of servers) await server.stop();
  await mirrorRsyncd?.stop();
  await rsyncd?.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

describe('real clients on a network of real servers', { timeout: 180_000 }, () => {
  it('lists the current mirrors only: not the stale, the dead, the failing or the lying one', async () => {
    const answer = await until(
      'a metalink with both current mirrors',
      () => metalink(),
      ({ body }) => new Set(listed(body)).size === 2,
    );
    expect(answer.status).toBe(200);
    expect(new Set(listed(answer.body))).toEqual(new Set(['current-de', 'current-us']));
    const apt = await until(
      'an apt list with both current mirrors',
      () => tide.get('/mirrorlist?repo=debian-stable&arch=amd64'),
      ({ body }) => new Set(listed(body)).size === 2,
    );
    expect(new Set(listed(apt.body))).toEqual(new Set(['current-de', 'current-us']));
  });

  it("puts the mirror of the client's own country first", async () => {
    expect(listed((await metalink('203.0.113.9,country=US')).body)[0]).toBe('current-us');
    expect(listed((await metalink('203.0.113.9,country=DE')).body)[0]).toBe('current-de');
  });

  it('explains why each other mirror is out', async () => {
    const { body } = await tide.get('/explain?repo=fedora-41&arch=x86_64');
    const { excluded } = JSON.parse(body) as { excluded: { host: string }[] };
    expect(excluded.map(({ host: name }) => name).toSorted()).toEqual(['dead', 'failing', 'lying', 'stale']);
  });

  it('lets dnf install through the metalink and through the mirrorlist', async () => {
    for (const source of [
      `metalink=${tide.url}/metalink?repo=fedora-41&arch=x86_64`,
      `mirrorlist=${tide.url}/mirrorlist?repo=fedora-41&arch=x86_64`,
    ]) {
      const dnf = await dnfClient(source);
      const result = await dnf.run('install', 'tide-hello');
      expect(result.exitCode, result.stderr).toBe(0);
      expect(await dnf.installed()).toEqual(['tide-hello-2.0']);
      await dnf.remove();
    }
  });

  it('lets apt install through mirror+http', async () => {
    const apt = await aptClient(`mirror+${tide.url}/mirrorlist?repo=debian-stable&arch=amd64 stable main`);
    const update = await apt.run('update');
    expect(update.exitCode, update.stderr).toBe(0);
    const install = await apt.run('install', 'tide-hello');
    expect(install.exitCode, install.stderr).toBe(0);
    expect(await apt.installed()).toEqual(['tide-hello 2.0']);
    await apt.remove();
  });

  it('follows the master: first the alternate carries clients on, then exactly the two mirrors that caught up are listed', async () => {
    const before = sha256((await metalink()).body);
    const dnf = await dnfClient(`metalink=${tide.url}/metalink?repo=fedora-41&arch=x86_64`);
    await addRpmPackages(join(tree('master'), 'fedora', RPM_REPOSITORY), [{ name: 'tide-hello', version: '3.0' }]);
    await addAptPackages(join(tree('master'), 'debian'), APT, [{ name: 'tide-hello', version: '3.0' }]);
    const moved = await until(
      'the new head in the metalink',
      () => metalink(),
      ({ body }) => body.includes('<mm0:alternate>'),
    );
    // Until a mirror has the new head, what mirrors hold stays the file that the metalink describes.
    expect(sha256(moved.body)).toBe(before);
    const between = await dnf.run('install', 'tide-hello');
    expect(between.exitCode, between.stderr).toBe(0);
    expect(await dnf.installed()).toEqual(['tide-hello-2.0']);

    await sync('stale');
    await sync('current-us');
    const mirrors = new Set<Name>(['stale', 'current-us']);
    const caughtUp = (body: string) => [...new Set(listed(body))].toSorted().join() === [...mirrors].toSorted().join();
    await until(
      'a mirrorlist of exactly the two that caught up',
      () => tide.get('/mirrorlist?repo=fedora-41&arch=x86_64'),
      ({ body }) => caughtUp(body),
    );
    await until(
      'an apt list of exactly the two that caught up',
      () => tide.get('/mirrorlist?repo=debian-stable&arch=amd64'),
      ({ body }) => caughtUp(body),
    );
    // The metalink still names the mirror with the alternate, behind those that are current.
    const { body } = await metalink('203.0.113.9,country=DE');
    expect(new Set(listed(body).slice(0, 2))).toEqual(mirrors);
    expect(listed(body).slice(2)).toEqual(['current-de']);

    const upgrade = await dnf.run('--refresh', 'upgrade', 'tide-hello');
    expect(upgrade.exitCode, upgrade.stderr).toBe(0);
    expect(await dnf.installed()).toEqual(['tide-hello-3.0']);
    await dnf.remove();
    const apt = await aptClient(`mirror+${tide.url}/mirrorlist?repo=debian-stable&arch=amd64 stable main`);
    expect((await apt.run('update')).exitCode).toBe(0);
    expect((await apt.run('install', 'tide-hello')).exitCode).toBe(0);
    expect(await apt.installed()).toEqual(['tide-hello 3.0']);
    await apt.remove();
  });

  it('takes a mirror out when it breaks and back when it recovers', async () => {
    const broken = join(tree('current-us'), 'fedora', RPM_REPOSITORY, 'repodata/repomd.xml');
    const good = await readFile(broken);
    await writeFile(broken, good.toString('latin1').replace(/e(?=[^e]*$)/, 'f'), 'latin1');
    await until(
      'the broken mirror to go',
      () => metalink(),
      ({ body }) => !listed(body).includes('current-us'),
    );
    await cp(join(tree('stale'), 'fedora', RPM_REPOSITORY, 'repodata/repomd.xml'), broken);
    await until(
      'the mended mirror to return',
      () => metalink(),
      ({ body }) => listed(body).includes('current-us'),
    );
  });
});
