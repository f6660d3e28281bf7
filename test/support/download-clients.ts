import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ProgramResult, runProgram } from './run-program.ts';

export interface Download extends ProgramResult {
  /** What it left behind, by name. */
  readonly files: ReadonlyMap<string, Buffer>;
}

/** As people call them; what their own configuration files would change is switched off. */
const DOWNLOADERS = {
  aria2: { program: 'aria2c', args: ['--no-conf', '--quiet'] },
  wget2: { program: 'wget2', args: ['--no-config', '--no-hsts', '--progress=none'] },
  wget: { program: 'wget', args: ['--no-config', '--no-hsts', '--no-verbose'] },
  curl: { program: 'curl', args: ['--disable', '--silent', '--show-error', '--fail', '--location', '--remote-name'] },
} as const;
export type Downloader = keyof typeof DOWNLOADERS;

/** wget2 repeats what it dislikes thousands of times a second, without end. */
const LIMIT_MS = 30_000;

/** Runs a real downloader on one URL in an empty folder; `args` come before the URL. */
export const download = async (client: Downloader, url: string, args: readonly string[] = []): Promise<Download> => {
  const folder = await mkdtemp(join(tmpdir(), 'mirrortide-download-'));
  const { program, args: fixed } = DOWNLOADERS[client];
  try {
    const result = await runProgram(program, [...fixed, ...args, url], {
      cwd: folder,
      env: { HOME: folder },
      debianPackage: client,
      timeoutMs: LIMIT_MS,
    });
    const files = new Map<string, Buffer>();
    for (const name of await readdir(folder)) {
      if (!name.startsWith('.')) files.set(name, await readFile(join(folder, name)));
    }
    return { ...result, files };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
