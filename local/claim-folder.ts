import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartProblem } from './start-problem.ts';

const FILE = 'running.pid';

/** A process that was killed and that nobody waited for yet has ended all the same. */
const isZombie = async (pid: number): Promise<boolean> =>
  /\) Z /.test(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''));

const isAlive = async (pid: number): Promise<boolean> => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !(await isZombie(pid));
};

const isThere = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EEXIST';

/**
 * Makes the data directory this process's own, before anything in it is touched: two systems in one directory destroy each other's
 * state. What a killed process left is taken over. Resolves to what gives the directory back.
 */
export async function claimFolder(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, FILE);
  const claim = (): Promise<void> => writeFile(file, `${process.pid}\n`, { flag: 'wx' });
  try {
    await claim();
  } catch (error) {
    if (!isThere(error)) throw error;
    const holder = Number(await readFile(file, 'utf8'));
    if (holder > 0 && (await isAlive(holder))) {
      throw new StartProblem(`${folder} is in use by process ${holder}; stop it, or if that is something else, remove ${file}`);
    }
    await rm(file, { force: true });
    await claim();
  }
  return () => rm(file, { force: true });
}
