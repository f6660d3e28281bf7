import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Sha256, TreeEntry } from '#domain/volume/tree.ts';
import type { VolumeType } from '#domain/volume/volume.ts';
import type { TreeRoot } from '#wire/tree/tree-document.ts';
import type { Report } from '../../report/report.ts';
import { directoryEntries } from '../directory-entries.ts';
import { withPythonIndex } from '../index/python-index.ts';
import { documentFolder } from '../trees/document-folder.ts';
import { openSource } from './open-source.ts';
import { printDirectory } from './print-directory.ts';
import type { PlannedTree } from './upload-plan.ts';

export interface TreeReading {
  /** A directory, or an archive of one. */
  readonly source: string;
  readonly temporary: string;
  readonly type: VolumeType;
  /** Volumes of Python packages get an index, unless the directory has one. */
  readonly index: boolean;
  readonly current: Sha256 | undefined;
  readonly document: (sha256: Sha256) => Promise<Uint8Array>;
  readonly report: Pick<Report, 'progress' | 'end'>;
  readonly stop: AbortSignal;
}

const NO_TREE: TreeRoot = { files: 0, bytes: 0, shards: [] };
const PYTHON_TYPES: readonly VolumeType[] = ['pypi', 'wheel'];

/** Hashes what is to be published, and reads of the current release what it takes to compare. */
export const readTree = async (reading: TreeReading): Promise<PlannedTree> => {
  const { source, temporary, type, index, current, document, report, stop } = reading;
  const documents = documentFolder(join(temporary, 'documents'), document);
  const before = current === undefined ? NO_TREE : await documents.readRoot(current);
  const progress: Report['progress'] = (...what) => {
    stop.throwIfAborted();
    report.progress(...what);
  };
  const directory = await openSource(source, temporary, { progress });
  const stored = new Set(before.shards.map(({ sha256 }) => sha256));
  const isIndexed = index && PYTHON_TYPES.includes(type) && !existsSync(join(directory, 'simple'));
  const found = directoryEntries(directory);
  const python = isIndexed ? withPythonIndex(directory, found, temporary) : undefined;
  const tree = await printDirectory(python?.items ?? found, {
    documents,
    isStored: (sha256) => stored.has(sha256),
    progress: (bytes) => progress('hashing', bytes, undefined),
  });
  report.end();
  return { tree, before, documents, fileOf: (entry: TreeEntry) => python?.fileOf(entry) ?? join(directory, entry.path) };
};
