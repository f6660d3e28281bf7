import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProgramResult, runProgram } from './run-program.ts';

export interface ZypperClient {
  /** `zypper ARGS` on an installation root of its own, without GPG checks and without any other repository. */
  run(...args: string[]): Promise<ProgramResult>;
  /** `name-version` of every installed package, sorted. */
  installed(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

/** A real zypper with one repository; `source` is its `mirrorlist=…` line, which may name a metalink. */
export const zypperClient = async (source: string): Promise<ZypperClient> => {
  const root = await mkdtemp(join(tmpdir(), 'mirrortide-zypper-'));
  await mkdir(join(root, 'etc/zypp/repos.d'), { recursive: true });
  await writeFile(
    join(root, 'etc/zypp/repos.d/test.repo'),
    `[test]\nname=test\n${source}\ntype=rpm-md\ngpgcheck=0\nenabled=1\nautorefresh=0\n`,
  );
  const fixed = ['--root', root, '--non-interactive', '--no-gpg-checks'];
  return {
    run: (...args) => runProgram('zypper', [...fixed, ...args], { debianPackage: 'zypper' }),
    installed: async () => {
      const { stdout } = await runProgram('rpm', ['--root', root, '-qa', '--queryformat', '%{NAME}-%{VERSION}\\n'], {
        debianPackage: 'rpm',
      });
      return stdout
        .split('\n')
        .filter((line) => line !== '')
        .toSorted();
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
};
