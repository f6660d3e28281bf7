import { constants } from 'node:fs';
import { join } from 'node:path';
import { type ArchiveLimits, type ArchiveTree, archiveTree } from '#domain/artefact/archive-tree.ts';
import type { Report } from '../../report/report.ts';
import { VerificationProblem } from '../fetch-outcome.ts';
import type { Disk, FetchWorld } from '../fetch-world.ts';
import { syncPath, writeAll } from '../install/durable.ts';
import { MARKER_NAME } from '../install/layout.ts';
import { openArchive } from './open-archive.ts';
import { readTar, type TarEntry } from './read-tar.ts';

export interface Unpacking {
  readonly disk: Disk;
  readonly file: string;
  /** Empty. */
  readonly folder: string;
  readonly limits: ArchiveLimits;
  readonly syncFileSystem: FetchWorld['syncFileSystem'];
  readonly report: Pick<Report, 'progress'>;
}

/** Neither set-user-id nor sticky, and nobody but the owner writes; the owner can always read, write and enter. */
const FILE_MODE_BITS = 0o755;
const OWNER_FILE = 0o600;
const OWNER_FOLDER = 0o700;
const NEW_FOLDER = 0o755;
const MOST_SYNCED_ALONE = 64;
/** Headers and padding, at the most: what the stream may be longer than the files in it. */
const ENTRY_OVERHEAD_BYTES = 4_096;

/**
 * Unpacks a verified archive into an empty folder; all of it is on disk when this resolves. Every entry is refused or admitted before
 * anything of it is written, and a refused one refuses the archive: what was written by then is for the caller to remove.
 */
export async function unpack(job: Unpacking): Promise<void> {
  const tree = archiveTree(job.limits, [MARKER_NAME]);
  const folders = new Set<string>([job.folder]);
  const files: string[] = [];
  const mostBytes = job.limits.bytes + (job.limits.entries + 1) * ENTRY_OVERHEAD_BYTES;
  for await (const entry of readTar(readable(openArchive(job.file, mostBytes)))) {
    const admission = tree.admit(entry);
    if (admission.kind === 'refused')
      throw new VerificationProblem(`the archive is refused at ${JSON.stringify(entry.path)}: ${admission.reason}`);
    makeFolders(job, folders, entry.kind === 'folder' ? admission.segments : admission.segments.slice(0, -1));
    await write(job, entry, admission.segments, admission.targetSegments);
    if (entry.kind === 'file') files.push(join(job.folder, ...admission.segments));
    job.report.progress('unpacking', tree.bytes(), undefined);
  }
  refuseEscape(tree);
  if (tree.entries() === 0) throw new VerificationProblem('the archive is empty');
  syncTree(job, [...files, ...[...folders].toReversed()]);
}

/**
 * Syncing a few paths one by one spares the host's other writers; thousands of them take minutes that way, and syncfs(2) seconds, or
 * less. Node has no syncfs, so a program does it, where there is one that can.
 */
function syncTree(job: Unpacking, paths: readonly string[]): void {
  if (paths.length > MOST_SYNCED_ALONE && job.syncFileSystem(job.folder)) return;
  for (const path of paths) syncPath(job.disk, path);
}

function refuseEscape(tree: ArchiveTree): void {
  const path = tree.escape();
  if (path !== undefined)
    throw new VerificationProblem(`the archive is refused: the link ${JSON.stringify(path)} leads out of it`);
}

/** What a decompressor finds damaged is the archive's fault and not this host's. */
async function* readable(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* chunks;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!/^(?:Z_|ZSTD_|ERR_ZSTD|ERR_ZLIB)/.test(code)) throw error;
    throw new VerificationProblem(`the archive is damaged: ${error instanceof Error ? error.message : code}`, { cause: error });
  }
}

function makeFolders(job: Unpacking, made: Set<string>, segments: readonly string[]): void {
  let path = job.folder;
  for (const segment of segments) {
    path = join(path, segment);
    if (made.has(path)) continue;
    job.disk.mkdirSync(path, NEW_FOLDER);
    made.add(path);
  }
}

async function write(job: Unpacking, entry: TarEntry, segments: readonly string[], target: readonly string[]): Promise<void> {
  const path = join(job.folder, ...segments);
  switch (entry.kind) {
    case 'file':
      return writeFile(job, entry, path);
    case 'folder':
      return setFolderMode(job.disk, path, (entry.mode & FILE_MODE_BITS) | OWNER_FOLDER);
    case 'symlink':
      return job.disk.symlinkSync(entry.target, path);
    case 'hardlink':
      return job.disk.linkSync(join(job.folder, ...target), path);
    default:
      throw new Error(`a ${entry.kind} was admitted`);
  }
}

async function writeFile(job: Unpacking, entry: TarEntry, path: string): Promise<void> {
  const { disk } = job;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const descriptor = disk.openSync(path, flags, OWNER_FILE);
  try {
    let position = 0;
    for await (const piece of entry.body) {
      writeAll(disk, descriptor, piece, position);
      position += piece.length;
    }
    disk.fchmodSync(descriptor, (entry.mode & FILE_MODE_BITS) | OWNER_FILE);
    disk.futimesSync(descriptor, entry.mtimeSeconds, entry.mtimeSeconds);
  } finally {
    disk.closeSync(descriptor);
  }
}

function setFolderMode(disk: Disk, path: string, mode: number): void {
  const descriptor = disk.openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    disk.fchmodSync(descriptor, mode);
  } finally {
    disk.closeSync(descriptor);
  }
}
