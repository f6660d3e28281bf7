import { copyFile, mkdir, readdir, readFile, rename, rm, utimes } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The master's states, oldest first; each is a folder under trees/. */
export const SAMPLE_STATES = ['1', '2', '3'] as const;
export type SampleState = (typeof SAMPLE_STATES)[number];

const COMMITTED = fileURLToPath(new URL('./trees', import.meta.url));
/** When each state was made; as in rebuild-trees.sh. A checkout has no times of its own, and mirrors keep the master's. */
const STATE_SECONDS: Readonly<Record<SampleState, number>> = { '1': 1_790_845_200, '2': 1_792_486_800, '3': 1_794_301_200 };
const HEAD_FILES = new Set(['repomd.xml', 'Release', 'InRelease']);

/** Files relative to `folder`, heads last: as long as a copy is under way, its head names what was there before. */
async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  const isHead = (file: string): number => (HEAD_FILES.has(basename(file)) ? 1 : 0);
  return files.sort((a, b) => isHead(a) - isHead(b) || (a < b ? -1 : 1));
}

/** The state in which a file became what it is in `state`. */
async function sinceState(file: string, state: SampleState): Promise<SampleState> {
  const wanted = await readFile(join(COMMITTED, state, file));
  let since = state;
  for (const earlier of SAMPLE_STATES.slice(0, SAMPLE_STATES.indexOf(state)).reverse()) {
    const before = await readFile(join(COMMITTED, earlier, file)).catch(() => undefined);
    if (before === undefined || !before.equals(wanted)) break;
    since = earlier;
  }
  return since;
}

/** Makes `folder` equal to a state, as a synchronising mirror would: new files first, heads after them, then what is gone. */
export async function copySampleState(state: SampleState, folder: string): Promise<void> {
  const source = join(COMMITTED, state);
  const files = await filesOf(source);
  for (const file of files) {
    const target = join(folder, file);
    const seconds = STATE_SECONDS[await sinceState(file, state)];
    await mkdir(dirname(target), { recursive: true });
    await copyFile(join(source, file), `${target}.new`);
    await utimes(`${target}.new`, seconds, seconds);
    await rename(`${target}.new`, target);
  }
  const wanted = new Set(files);
  for (const file of await filesOf(folder)) if (!wanted.has(file)) await rm(join(folder, file));
  await dateFolders(folder, STATE_SECONDS[state]);
}

async function dateFolders(folder: string, seconds: number): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of [...folders, folder]) await utimes(path, seconds, seconds);
}
