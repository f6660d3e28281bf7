import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { TreeEntry } from '#domain/volume/tree.ts';
import { treePathProblem } from '#domain/volume/tree-path.ts';

export type DirectoryItem =
  | { readonly kind: 'entry'; readonly entry: TreeEntry }
  /** Cannot be published, and nothing else with it; the walk goes on, so that all of these are told at once. */
  | { readonly kind: 'problem'; readonly path: string; readonly message: string };

interface Found {
  readonly name: string;
  readonly stats: Stats;
}

interface Walk {
  /** Without links. */
  readonly top: string;
  /** Real paths of the directories that the present one is in: a link to one of these never ends. */
  readonly above: readonly string[];
}

/** In order, since whatever a directory has comes where `name/` would: `a-b` before `a/b`. */
const orderOf = ({ name, stats }: Found): string => (stats.isDirectory() ? `${name}/` : name);

const isBelow = (path: string, top: string): boolean => path === top || path.startsWith(`${top}${sep}`);

const READ_BYTES = 1_048_576;
const OWNER_MAY_RUN = 0o100;

const problem = (path: string, message: string): DirectoryItem => ({ kind: 'problem', path, message });

async function hashOf(file: FileHandle, buffer: Buffer): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length);
    if (bytesRead === 0) return { sha256: hash.digest('hex'), sizeBytes };
    hash.update(buffer.subarray(0, bytesRead));
    sizeBytes += bytesRead;
  }
}

const isSame = (before: Stats, after: Stats): boolean => before.size === after.size && before.mtimeMs === after.mtimeMs;

/** Hashes a file; what is written to meanwhile is half of one thing and half of another. */
async function fileItem(file: string, path: string, buffer: Buffer): Promise<DirectoryItem> {
  const handle = await open(file, 'r');
  try {
    const before = await handle.stat();
    const { sha256, sizeBytes } = await hashOf(handle, buffer);
    if (!isSame(before, await handle.stat()) || sizeBytes !== before.size) return problem(path, 'it changed while it was read');
    const mode = (before.mode & OWNER_MAY_RUN) === 0 ? 'file' : 'executable';
    return { kind: 'entry', entry: { path, sha256, sizeBytes, mode } };
  } finally {
    await handle.close();
  }
}

async function childrenOf(folder: string): Promise<readonly (Found | string)[]> {
  const found: (Found | string)[] = [];
  for (const name of await readdir(folder)) {
    // Also fails for a link to nothing, and for a name that is no UTF-8.
    const stats = await stat(join(folder, name)).catch(() => undefined);
    found.push(stats === undefined ? name : { name, stats });
  }
  const order = (one: Found | string): string => (typeof one === 'string' ? one : orderOf(one));
  return found.sort((one, other) => (order(one) < order(other) ? -1 : 1));
}

async function* walk({ top, above }: Walk, folder: string, prefix: string, buffer: Buffer): AsyncGenerator<DirectoryItem> {
  for (const child of await childrenOf(folder)) {
    const path = `${prefix}${typeof child === 'string' ? child : child.name}`;
    const message = treePathProblem(path);
    if (message !== undefined) yield problem(path, message);
    else if (typeof child === 'string') yield problem(path, 'it cannot be read');
    else yield* walkChild({ top, above }, join(folder, child.name), path, child.stats, buffer);
  }
}

async function* walkChild(
  { top, above }: Walk,
  file: string,
  path: string,
  stats: Stats,
  buffer: Buffer,
): AsyncGenerator<DirectoryItem> {
  const real = await realpath(file);
  if (!isBelow(real, top)) yield problem(path, 'it is a link that leads out of the directory');
  else if (stats.isFile()) yield await fileItem(file, path, buffer);
  else if (!stats.isDirectory()) yield problem(path, 'it is neither a file nor a directory');
  else if (above.includes(real)) yield problem(path, 'it is a link to a directory that it is in');
  else yield* walk({ top, above: [...above, real] }, file, `${path}/`, buffer);
}

/**
 * The files below a directory, hashed, in the order of a tree; one directory's names are in memory at a time. Links inside of it
 * stand for what they lead to. Throws for a directory that cannot be listed and for a file that cannot be read.
 */
export async function* directoryEntries(directory: string): AsyncGenerator<DirectoryItem> {
  const top = await realpath(directory);
  yield* walk({ top, above: [top] }, top, '', Buffer.allocUnsafe(READ_BYTES));
}
