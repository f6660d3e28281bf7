import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runStep } from './run-step.ts';

interface Program {
  readonly name: string;
  readonly debianPackage: string;
}

/** The real programs that the tests run against. */
const PROGRAMS: readonly Program[] = [
  { name: 'rsync', debianPackage: 'rsync' },
  { name: 'nginx', debianPackage: 'nginx-light' },
  { name: 'dnf', debianPackage: 'dnf' },
  { name: 'createrepo_c', debianPackage: 'createrepo-c' },
  { name: 'rpmbuild', debianPackage: 'rpm' },
  { name: 'dpkg-deb', debianPackage: 'dpkg' },
  { name: 'apt-ftparchive', debianPackage: 'apt-utils' },
  { name: 'apt-get', debianPackage: 'apt' },
  { name: 'zypper', debianPackage: 'zypper' },
  { name: 'aria2c', debianPackage: 'aria2' },
  { name: 'wget2', debianPackage: 'wget2' },
  { name: 'wget', debianPackage: 'wget' },
  { name: 'curl', debianPackage: 'curl' },
  { name: 'python3', debianPackage: 'python3' },
  { name: 'pip3', debianPackage: 'python3-pip' },
  { name: 'bzip2', debianPackage: 'bzip2' },
  { name: 'xz', debianPackage: 'xz-utils' },
  { name: 'zstd', debianPackage: 'zstd' },
  { name: 'gpg', debianPackage: 'gnupg' },
  { name: 'openssl', debianPackage: 'openssl' },
  { name: 'spin', debianPackage: 'spin' },
  { name: 'cc', debianPackage: 'gcc' },
  { name: 'systemd-analyze', debianPackage: 'systemd' },
  { name: 'java', debianPackage: 'openjdk-17-jre-headless' },
];
const OLDEST_JAVA = 17;
/** Servers live there, and it is not on everybody's PATH. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin', '/usr/local/sbin'];

function isThere(program: Program): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...SYSTEM_FOLDERS];
  if (!folders.some((folder) => existsSync(join(folder, program.name)))) return false;
  if (program.name !== 'java') return true;
  // `openjdk version "17.0.13" 2024-10-15`, on standard error.
  const printed = spawnSync('java', ['-version'], { encoding: 'utf8' }).stderr ?? '';
  return Number(/version "(\d+)/.exec(printed)?.[1] ?? 0) >= OLDEST_JAVA;
}

function missingPrograms(): readonly Program[] {
  return PROGRAMS.filter((program) => !isThere(program));
}

function canInstall(): boolean {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false;
  return existsSync('/etc/os-release') && /^ID(_LIKE)?=.*debian/m.test(readFileSync('/etc/os-release', 'utf8'));
}

function describe(programs: readonly Program[]): string {
  return programs.map((program) => (program.name === 'java' ? `java ≥ ${OLDEST_JAVA}` : program.name)).join(', ');
}

/** Makes sure that the programs are there: installs them on Debian as root, otherwise returns what a person has to install. */
export async function ensurePrograms(): Promise<string | undefined> {
  const missing = missingPrograms();
  if (missing.length === 0) return undefined;
  const packages = [...new Set(missing.map((program) => program.debianPackage))];
  const advice = `missing: ${describe(missing)} (Debian packages: ${packages.join(' ')})`;
  if (!canInstall()) return advice;
  console.log(`installing ${packages.join(' ')} with apt-get ...`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  if ((await runStep('apt-get', ['update', '-q'], env)) !== 0) return `apt-get update failed; ${advice}`;
  const installed = await runStep('apt-get', ['install', '-qy', '--no-install-recommends', ...packages], env);
  if (installed !== 0) return `apt-get install failed; ${advice}`;
  const stillMissing = missingPrograms();
  return stillMissing.length === 0 ? undefined : `still missing after apt-get: ${describe(stillMissing)}`;
}
