import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProgramResult, runProgram } from './run-program.ts';

export interface DnfClient {
  /** `dnf ARGS` on an installation root of its own, without GPG checks and without any other repository. */
  run(...args: string[]): Promise<ProgramResult>;
  /** `name-version` of every installed package, sorted. */
  installed(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

/** A real dnf with one repository; `source` is its `metalink=…` or `mirrorlist=…` line. */
export const dnfClient = async (source: string, arch = 'x86_64'): Promise<DnfClient> => {
  const folder = await mkdtemp(join(tmpdir(), 'mirrortide-dnf-'));
  const root = join(folder, 'root');
  await mkdir(join(folder, 'repos'), { recursive: true });
  // dnf makes its cache by itself, but not the folder of its log.
  for (const path of ['root', 'log', 'cache', 'persist', 'vars']) await mkdir(join(folder, path), { recursive: true });
  await writeFile(
    join(folder, 'repos/test.repo'),
    `[test]\nname=test\n${source}\ngpgcheck=0\nenabled=1\nskip_if_unavailable=0\n`,
  );
  const settings = {
    reposdir: join(folder, 'repos'),
    cachedir: join(folder, 'cache'),
    persistdir: join(folder, 'persist'),
    logdir: join(folder, 'log'),
    varsdir: join(folder, 'vars'),
    system_cachedir: join(folder, 'cache'),
    timeout: '10',
    keepcache: '1',
    install_weak_deps: '0',
  };
  const fixed = [
    '-y',
    `--installroot=${root}`,
    '--releasever=41',
    `--forcearch=${arch}`,
    '--noplugins',
    ...Object.entries(settings).map(([key, value]) => `--setopt=${key}=${value}`),
  ];
  return {
    run: (...args) => runProgram('dnf', [...fixed, ...args], { debianPackage: 'dnf' }),
    installed: async () => {
      const { stdout } = await runProgram('rpm', ['--root', root, '-qa', '--queryformat', '%{NAME}-%{VERSION}\\n'], {
        debianPackage: 'rpm',
      });
      return stdout
        .split('\n')
        .filter((line) => line !== '')
        .toSorted();
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
};
