import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProgramResult, runProgram } from './run-program.ts';

export interface TestPackage {
  readonly name: string;
  readonly version: string;
  /** Goes into the package's only file, `/usr/share/NAME/version`; the version itself unless given. */
  readonly content?: string;
}

export interface AptLayout {
  /** `stable`; becomes `dists/SUITE`. */
  readonly suite: string;
  readonly architectures: readonly string[];
  /** Says in `Release` that indexes are there by their hashes as well, as Debian's and Ubuntu's do. */
  readonly byHash?: boolean;
}

const run = async (program: string, args: readonly string[], debianPackage: string, cwd?: string): Promise<ProgramResult> => {
  const result = await runProgram(program, args, { debianPackage, ...(cwd === undefined ? {} : { cwd }) });
  if (result.exitCode !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${result.exitCode}: ${result.stderr}`);
  return result;
};

const inFolder = async <T>(work: (folder: string) => Promise<T>): Promise<T> => {
  const folder = await mkdtemp(join(tmpdir(), 'mirrortide-build-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const spec = (item: TestPackage): string => `
Name: ${item.name}
Version: ${item.version}
Release: 1
Summary: A package for tests
License: MIT
BuildArch: noarch
%description
A package for tests.
%install
mkdir -p %{buildroot}/usr/share/%{name}
printf '%%s\\n' '${item.content ?? item.version}' > %{buildroot}/usr/share/%{name}/version
%files
/usr/share/%{name}
`;

const buildRpm = (item: TestPackage, target: string): Promise<void> =>
  inFolder(async (folder) => {
    await writeFile(join(folder, 'package.spec'), spec(item));
    const defines = {
      _topdir: folder,
      _rpmdir: target,
      _rpmfilename: '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm',
      _build_id_links: 'none',
    };
    const args = Object.entries(defines).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
    await run('rpmbuild', ['-bb', '--quiet', ...args, join(folder, 'package.spec')], 'rpm');
  });

/** Builds packages into `DIRECTORY/Packages` and writes repodata/; calling it again adds packages, which is how a master changes. */
export const addRpmPackages = async (directory: string, packages: readonly TestPackage[]): Promise<void> => {
  const target = join(directory, 'Packages');
  await mkdir(target, { recursive: true });
  for (const item of packages) await buildRpm(item, target);
  await run('createrepo_c', ['--quiet', '--update', directory], 'createrepo-c');
};

const buildDeb = (item: TestPackage, target: string): Promise<void> =>
  inFolder(async (folder) => {
    const root = join(folder, 'root');
    await mkdir(join(root, 'DEBIAN'), { recursive: true });
    await mkdir(join(root, 'usr/share', item.name), { recursive: true });
    const control = {
      Package: item.name,
      Version: item.version,
      Architecture: 'all',
      Maintainer: 'Tests <tests@mirrors.example>',
      Description: 'A package for tests',
    };
    const text = Object.entries(control).map(([key, value]) => `${key}: ${value}\n`);
    await writeFile(join(root, 'DEBIAN/control'), text.join(''));
    await writeFile(join(root, 'usr/share', item.name, 'version'), `${item.content ?? item.version}\n`);
    await run('dpkg-deb', ['--root-owner-group', '--build', root, join(target, `${item.name}_${item.version}_all.deb`)], 'dpkg');
  });

const writeIndexes = async (top: string, layout: AptLayout): Promise<void> => {
  const dists = join(top, 'dists', layout.suite);
  for (const arch of layout.architectures) {
    const folder = join(dists, 'main', `binary-${arch}`);
    await mkdir(folder, { recursive: true });
    const { stdout } = await run('apt-ftparchive', ['--arch', arch, 'packages', 'pool'], 'apt-utils', top);
    await writeFile(join(folder, 'Packages'), stdout);
    await run('gzip', ['-9nkf', join(folder, 'Packages')], 'gzip');
  }
};

const writeRelease = async (top: string, layout: AptLayout): Promise<void> => {
  const dists = join(top, 'dists', layout.suite);
  const fields = {
    Origin: 'Mirrortide',
    Label: 'Mirrortide',
    Suite: layout.suite,
    Codename: layout.suite,
    Architectures: layout.architectures.join(' '),
    Components: 'main',
    ...(layout.byHash === true && { 'Acquire-By-Hash': 'yes' }),
  };
  const options = Object.entries(fields).flatMap(([key, value]) => ['-o', `APT::FTPArchive::Release::${key}=${value}`]);
  await rm(join(dists, 'Release'), { force: true });
  const { stdout } = await run('apt-ftparchive', [...options, 'release', dists], 'apt-utils');
  // Moved into place, since a mirror or a scan may read at any moment.
  await writeFile(join(top, '.Release.new'), stdout);
  await rename(join(top, '.Release.new'), join(dists, 'Release'));
};

/** Builds packages into `TOP/pool/main` and writes `TOP/dists/SUITE` (unsigned: `Release`); calling it again adds packages. */
export const addAptPackages = async (top: string, layout: AptLayout, packages: readonly TestPackage[]): Promise<void> => {
  const pool = join(top, 'pool/main');
  await mkdir(pool, { recursive: true });
  for (const item of packages) {
    const target = join(pool, item.name);
    await mkdir(target, { recursive: true });
    await buildDeb(item, target);
  }
  await writeIndexes(top, layout);
  await writeRelease(top, layout);
};
