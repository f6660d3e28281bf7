import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProgramResult, runProgram } from './run-program.ts';

export interface PipInstall extends ProgramResult {
  /** `project-version` of everything that was installed, sorted. */
  readonly installed: readonly string[];
}

/** A real pip that has never been here, with one index and no cache. */
export const pipInstall = async (indexUrl: string, ...requirements: readonly string[]): Promise<PipInstall> => {
  const target = await mkdtemp(join(tmpdir(), 'mirrortide-pip-'));
  try {
    const quiet = ['--isolated', '--disable-pip-version-check', '--no-input'];
    const args = ['-m', 'pip', ...quiet, 'install', '--no-cache-dir', '--target', target, '--index-url', indexUrl];
    const result = await runProgram('python3', [...args, '--retries', '0', '--root-user-action=ignore', ...requirements], {
      debianPackage: 'python3-pip',
    });
    const names = await readdir(target);
    const installed = names.flatMap((name) => (name.endsWith('.dist-info') ? [name.slice(0, -'.dist-info'.length)] : []));
    return { ...result, installed: installed.toSorted() };
  } finally {
    await rm(target, { recursive: true, force: true });
  }
};
