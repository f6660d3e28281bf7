import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  type Dirent,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { join, sep } from 'node:path';
import type { TreeEntry } from '#domain/volume/tree.ts';
import { treePathProblem } from '#domain/volume/tree-path.ts';

export type DirectoryItem =
  | { readonly kind: 'entry'; readonly entry: TreeEntry }
  /** Cannot be published, and nothing else with it; the walk goes on, so that all of these are told at once. */
  | { readonly kind: 'problem'; readonly path: string; readonly message: string };

interface Found {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'unreadable' | 'other';
  /** Where a link leads; undefined for what is where it is found, so that a large directory is names and not paths. */
  readonly real: string | undefined;
}

interface Walk {
  /** Without links. */
  readonly top: string;
  /** Real paths of the directories that the present one is in: a link to one of these never ends. */
  readonly above: readonly string[];
  readonly buffer: Buffer;
}

/** Files up to this are read at once and without going through the event loop, which costs more than they do. */
const BUFFER_BYTES = 1_048_576;
const OWNER_MAY_RUN = 0o100;
/** What the store takes in one piece, and only of one piece does it know the hash: 5 GiB. */
export const LARGEST_FILE_BYTES = 5 * 2 ** 30;

const problem = (path: string, message: string): DirectoryItem => ({ kind: 'problem', path, message });

const isBelow = (path: string, top: string): boolean => path === top || path.startsWith(`${top}${sep}`);

const kindOf = (file: Dirent | Stats): Found['kind'] => {
  if (file.isFile()) return 'file';
  return file.isDirectory() ? 'directory' : 'other';
};

/** As the system follows links: Node's own way takes `link/..` for nothing, which leads elsewhere, or round and round for ever. */
const followed = (path: string, name: string): Found => {
  try {
    return { name, kind: kindOf(statSync(path)), real: realpathSync.native(path) };
  } catch {
    return { name, kind: 'unreadable', real: undefined };
  }
};

/** In order, since whatever a directory has comes where `name/` would: `a-b` before `a/b`. */
const orderOf = ({ name, kind }: Found): string => (kind === 'directory' ? `${name}/` : name);

const childrenOf = (folder: string): readonly Found[] =>
  readdirSync(folder, { withFileTypes: true })
    .map((child): Found => {
      if (child.isSymbolicLink()) return followed(join(folder, child.name), child.name);
      return { name: child.name, kind: kindOf(child), real: undefined };
    })
    .sort((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1));

interface Content {
  readonly sha256: string;
  readonly sizeBytes: number;
}

const smallContent = (file: number, buffer: Buffer): Content => {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
    hash.update(buffer.subarray(0, read));
    sizeBytes += read;
  }
  return { sha256: hash.digest('hex'), sizeBytes };
};

const largeContent = async (file: number): Promise<Content> => {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const stream = createReadStream('', { fd: file, autoClose: false, start: 0, highWaterMark: BUFFER_BYTES });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), sizeBytes };
};

const isSame = (before: Stats, after: Stats): boolean => before.size === after.size && before.mtimeMs === after.mtimeMs;

/** Hashes a file; what is written to meanwhile is half of one thing and half of another. */
async function fileItem(path: string, real: string, buffer: Buffer): Promise<DirectoryItem> {
  let file: number;
  try {
    file = openSync(real, 'r');
  } catch {
    return problem(path, 'it cannot be read');
  }
  try {
    const before = fstatSync(file);
    if (before.size > LARGEST_FILE_BYTES)
      return problem(path, 'it is larger than 5 GiB, which is the most that can be stored of one file');
    const content = before.size > BUFFER_BYTES ? await largeContent(file) : smallContent(file, buffer);
    if (!isSame(before, fstatSync(file)) || content.sizeBytes !== before.size)
      return problem(path, 'it changed while it was read');
    const mode = (before.mode & OWNER_MAY_RUN) === 0 ? 'file' : 'executable';
    return { kind: 'entry', entry: { path, ...content, mode } };
  } finally {
    closeSync(file);
  }
}

async function* childItems(walk: Walk, found: Found, folder: string, path: string): AsyncGenerator<DirectoryItem> {
  const { kind, real = join(folder, found.name) } = found;
  const message = treePathProblem(path);
  if (message !== undefined) yield problem(path, message);
  else if (kind === 'unreadable') yield problem(path, 'it cannot be read');
  else if (!isBelow(real, walk.top)) yield problem(path, 'it is a link that leads out of the directory');
  else if (kind === 'file') yield await fileItem(path, real, walk.buffer);
  else if (kind === 'other') yield problem(path, 'it is neither a file nor a directory');
  else if (walk.above.includes(real)) yield problem(path, 'it is a link to a directory that it is in');
  else yield* folderItems({ ...walk, above: [...walk.above, real] }, real, `${path}/`);
}

async function* folderItems(walk: Walk, folder: string, prefix: string): AsyncGenerator<DirectoryItem> {
  for (const child of childrenOf(folder)) yield* childItems(walk, child, folder, `${prefix}${child.name}`);
}

/**
 * The files below a directory, hashed, in the order of a tree; one directory's names are in memory at a time. Links inside of it
 * stand for what they lead to. Throws for a directory that cannot be listed.
 */
export async function* directoryEntries(directory: string): AsyncGenerator<DirectoryItem> {
  const top = realpathSync.native(directory);
  yield* folderItems({ top, above: [top], buffer: Buffer.allocUnsafe(BUFFER_BYTES) }, top, '');
}
