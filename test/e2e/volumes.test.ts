import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aptClient } from '../support/apt-client.ts';
import { addAptPackages, addRpmPackages } from '../support/build-repositories.ts';
import { buildWheel, wheelFileName } from '../support/build-wheel.ts';
import { dnfClient } from '../support/dnf-client.ts';
import { pipInstall } from '../support/pip-client.ts';
import { until } from '../support/until.ts';
import { startVolumeNetwork, type VolumeNetwork } from '../support/volume-network.ts';

/**
 * One host name, four types of content, real clients: dnf, apt and pip install from `npm start` while a publisher builds and
 * releases one version after another of each volume. A client that read an index before a release asks for files that only that
 * index names, and gets them.
 */
/** Fewer are for whoever works on this test. */
const VERSIONS = Number(process.env['VOLUME_VERSIONS'] ?? 50);
const NAME = 'tide-hello';
const PROJECT = 'tide_hello';
const VOLUMES = ['centos', 'ubuntu', 'pypi', 'wheel'] as const;
type VolumeName = (typeof VOLUMES)[number];
const MOUNTS: Readonly<Record<VolumeName, string>> = {
  centos: 'centos',
  ubuntu: 'ubuntu',
  pypi: 'pypi',
  wheel: 'wheel/debian-12-x86_64',
};
const TYPES: Readonly<Record<VolumeName, string>> = { centos: 'rpm', ubuntu: 'apt', pypi: 'pypi', wheel: 'wheel' };

const NETWORK = `
network: { name: volumes, contact: tests@mirrors.example }
content:
  volumes:
${VOLUMES.map(
  (id) =>
    `    - { id: ${id}, mount: ${MOUNTS[id]}, type: ${TYPES[id]}, maximumShrinkShare: 0.5, roles: { publishers: [ann], releasers: [ann], operators: [olga] } }`,
).join('\n')}
`;

let network: VolumeNetwork;
let folder: string;
const treeOf = (volume: VolumeName): string => join(folder, volume);
const versionText = (number: number): string => `1.${number}`;

const addWheel = async (volume: VolumeName, version: string): Promise<void> => {
  const plan = { project: PROJECT, version, extra: { [`${PROJECT}/made.py`]: `FOR = "${volume}"\n` } };
  await mkdir(join(treeOf(volume), PROJECT), { recursive: true });
  await writeFile(join(treeOf(volume), PROJECT, wheelFileName(plan)), await buildWheel(plan));
};

/** Adds a version to the tree, as whoever builds packages does. */
const BUILD: Readonly<Record<VolumeName, (version: string) => Promise<void>>> = {
  centos: (version) => addRpmPackages(treeOf('centos'), [{ name: NAME, version }]),
  ubuntu: (version) =>
    addAptPackages(treeOf('ubuntu'), { suite: 'stable', architectures: ['amd64'], byHash: true }, [{ name: NAME, version }]),
  pypi: (version) => addWheel('pypi', version),
  wheel: (version) => addWheel('wheel', version),
};

interface Installed {
  readonly versions: readonly string[];
  readonly failure: string | undefined;
}

const failureOf = ({ exitCode, stdout, stderr }: { exitCode: number | null; stdout: string; stderr: string }) =>
  exitCode === 0 ? undefined : `${stdout}\n${stderr}`;

const withDnf = async (mount: string): Promise<Installed> => {
  const client = await dnfClient(`baseurl=${network.url}/${mount}/`);
  try {
    const result = await client.run('install', NAME);
    return { versions: await client.installed(), failure: failureOf(result) };
  } finally {
    await client.remove();
  }
};

const withApt = async (mount: string): Promise<Installed> => {
  const client = await aptClient(`${network.url}/${mount} stable main`);
  try {
    const updated = failureOf(await client.run('update', '--error-on=any'));
    const installed = failureOf(await client.run('install', NAME));
    const versions = await client.installed();
    return { versions: versions.map((one) => one.replace(' ', '-')), failure: updated ?? installed };
  } finally {
    await client.remove();
  }
};

const withPip = async (mount: string): Promise<Installed> => {
  const result = await pipInstall(`${network.url}/${mount}/simple/`, NAME);
  return { versions: result.installed.map((one) => one.replace(PROJECT, NAME)), failure: failureOf(result) };
};

/** A client that has never been here installs the newest version. */
const INSTALL: Readonly<Record<VolumeName, (mount: string) => Promise<Installed>>> = {
  centos: withDnf,
  ubuntu: withApt,
  pypi: withPip,
  wheel: withPip,
};

const install = (volume: VolumeName, release = ''): Promise<Installed> => INSTALL[volume](`${MOUNTS[volume]}${release}`);

const publish = async (volume: VolumeName): Promise<void> => {
  const { exitCode, stdout, stderr } = await network.mirrortide('ann', 'publish', volume, treeOf(volume), '--release');
  if (exitCode !== 0) throw new Error(`publishing ${volume} ended with ${exitCode}: ${stdout}\n${stderr}`);
};

const buildAndPublish = async (volume: VolumeName, number: number): Promise<void> => {
  await BUILD[volume](versionText(number));
  await publish(volume);
};

const isInstalled = (volume: VolumeName, number: number, release = ''): Promise<Installed> =>
  until(
    `${volume} with version ${number}`,
    () => install(volume, release),
    ({ versions }) => versions.includes(`${NAME}-${versionText(number)}`),
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-trees-'));
  network = await startVolumeNetwork(NETWORK, ['ann', 'olga']);
  await Promise.all(VOLUMES.map((volume) => buildAndPublish(volume, 0)));
});

afterAll(async () => {
  await network?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('volumes of four types below one host name', { timeout: 600_000 }, () => {
  it(`break no installation while ${VERSIONS} versions of each are released`, async () => {
    const failures: string[] = [];
    const installs: Record<VolumeName, number> = { centos: 0, ubuntu: 0, pypi: 0, wheel: 0 };
    let over = false;
    const installing = (async () => {
      while (!over)
        for (const volume of VOLUMES) {
          const { versions, failure } = await install(volume);
          installs[volume] += 1;
          if (failure !== undefined || versions.length !== 1) failures.push(`${volume}: ${versions.join()} ${failure}`);
        }
    })();
    const publishing = VOLUMES.map(async (volume) => {
      for (let number = 1; number <= VERSIONS; number += 1) await buildAndPublish(volume, number);
    });
    try {
      await Promise.all(publishing);
    } finally {
      over = true;
      await installing;
    }
    expect(failures).toEqual([]);
    expect(Math.min(...Object.values(installs))).toBeGreaterThan(1);
    for (const volume of VOLUMES)
      expect((await isInstalled(volume, VERSIONS)).versions).toEqual([`${NAME}-${versionText(VERSIONS)}`]);
  });

  it.each(VOLUMES)('give what was there before after a rollback of %s, and keep the bad release for a look', async (volume) => {
    const bad = VERSIONS + 1;
    await buildAndPublish(volume, bad);
    await isInstalled(volume, bad);
    const back = await network.mirrortide('olga', 'rollback', volume, '--reason', 'it is bad');
    expect(back.exitCode).toBe(0);
    expect(await isInstalled(volume, VERSIONS)).toMatchObject({ failure: undefined });
    // The next scheduled run would bring it back.
    const again = await network.mirrortide('ann', 'publish', volume, treeOf(volume), '--release');
    expect(again.exitCode).not.toBe(0);
    expect(`${again.stdout}${again.stderr}`).toContain('it is bad');
    expect((await isInstalled(volume, bad, `@${bad + 1}`)).versions).toEqual([`${NAME}-${versionText(bad)}`]);
    expect((await network.mirrortide('olga', 'resume', volume)).exitCode).toBe(0);
  });

  const BREAK: Readonly<Record<VolumeName, { readonly path: RegExp; readonly damage: () => Promise<void> }>> = {
    centos: {
      path: /Packages\/tide-hello-1\.99-1\.noarch\.rpm/,
      damage: async () => {
        await BUILD.centos('1.99');
        await rm(join(treeOf('centos'), 'Packages/tide-hello-1.99-1.noarch.rpm'));
      },
    },
    ubuntu: {
      path: /pool\/main\/tide-hello\/tide-hello_1\.99_all\.deb/,
      damage: async () => {
        await BUILD.ubuntu('1.99');
        await writeFile(join(treeOf('ubuntu'), 'pool/main/tide-hello/tide-hello_1.99_all.deb'), 'something else');
      },
    },
    pypi: {
      path: /tide_hello\/tide_hello-1\.99-py3-none-any\.whl/,
      damage: async () => {
        await BUILD.pypi('1.99');
        await truncate(join(treeOf('pypi'), PROJECT, 'tide_hello-1.99-py3-none-any.whl'), 200);
      },
    },
    wheel: {
      path: /tide_hello\/tide_hello-1\.99-py3-none-any\.whl/,
      damage: async () => {
        const plan = { project: PROJECT, version: '1.99', metadataVersion: '1.98' };
        await writeFile(join(treeOf('wheel'), PROJECT, wheelFileName(plan)), await buildWheel(plan));
      },
    },
  };

  it.each(VOLUMES)('never show clients a broken release of %s, and say which path is broken', async (volume) => {
    const { damage, path } = BREAK[volume];
    await damage();
    const { exitCode, stdout, stderr } = await network.mirrortide('ann', 'publish', volume, treeOf(volume), '--release');
    expect(exitCode).not.toBe(0);
    expect(`${stdout}${stderr}`).toMatch(path);
    expect(await install(volume)).toEqual({ versions: [`${NAME}-${versionText(VERSIONS)}`], failure: undefined });
    expect((await readdir(treeOf(volume))).length).toBeGreaterThan(0);
  });
});
