import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProgramResult, runProgram } from './run-program.ts';

export interface AptClient {
  /** `apt-get ARGS` on an installation root of its own, with one source. */
  run(...args: string[]): Promise<ProgramResult>;
  /** `package version` of every installed package, sorted. */
  installed(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

/** A real apt whose only source is `deb [trusted=yes] SOURCE`, for example `mirror+http://HOST/mirrorlist?… stable main`. */
export const aptClient = async (source: string, arch = 'amd64'): Promise<AptClient> => {
  const folder = await mkdtemp(join(tmpdir(), 'mirrortide-apt-'));
  for (const path of [
    'etc/apt/apt.conf.d',
    'etc/apt/preferences.d',
    'etc/apt/trusted.gpg.d',
    'var/lib/apt/lists/partial',
    'var/cache/apt/archives/partial',
    'var/log/apt',
    'var/lib/dpkg/info',
    'var/lib/dpkg/updates',
    'var/lib/dpkg/triggers',
  ]) {
    await mkdir(join(folder, path), { recursive: true });
  }
  await writeFile(join(folder, 'var/lib/dpkg/status'), '');
  await writeFile(join(folder, 'etc/apt/empty.conf'), '');
  await writeFile(join(folder, 'etc/apt/sources.list'), `deb [trusted=yes arch=${arch}] ${source}\n`);
  const settings = {
    Dir: folder,
    'Dir::State::status': join(folder, 'var/lib/dpkg/status'),
    'APT::Architecture': arch,
    'APT::Sandbox::User': '',
    'Acquire::Languages': 'none',
    'Acquire::http::Timeout': '10',
    'Dpkg::Use-Pty': '0',
  };
  const fixed = [
    '-q',
    '-y',
    ...Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]),
    '-o',
    `DPkg::Options::=--root=${folder}`,
    '-o',
    'DPkg::Options::=--force-not-root',
    '-o',
    'DPkg::Options::=--force-depends',
  ];
  return {
    run: (...args) =>
      runProgram('apt-get', [...fixed, ...args], {
        debianPackage: 'apt',
        env: { DEBIAN_FRONTEND: 'noninteractive', APT_CONFIG: join(folder, 'etc/apt/empty.conf') },
      }),
    installed: async () => {
      const status = await readFile(join(folder, 'var/lib/dpkg/status'), 'utf8');
      return [...status.matchAll(/^Package: (.+)\n(?:.+\n)*?Version: (.+)$/gm)]
        .map((match) => `${match[1]} ${match[2]}`)
        .toSorted();
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
};
