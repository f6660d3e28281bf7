import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { simpleIndex } from '#domain/volume/python/simple-index.ts';
import type { TreeEntry } from '#domain/volume/tree.ts';
import { printSimpleIndexJson, printSimpleProjectJson } from '#wire/pypi/print-simple-json.ts';
import { SIMPLE_FOLDER, SIMPLE_PAGE_NAME } from '#wire/pypi/simple-pages.ts';
import { keptProject } from '#wire/pypi/simple-place.ts';
import type { DirectoryItem } from '../directory-entries.ts';
import { linesOfFile } from '../lines-of-file.ts';
import { sha256Hex } from '../trees/document-folder.ts';
import { lookAtDistribution } from './look-at-distribution.ts';
import { type ProjectFiles, projectFiles } from './project-files.ts';

export interface PythonIndex {
  /** The directory's items, and the pages among them. */
  readonly items: AsyncIterable<DirectoryItem>;
  /** Where the bytes of a page are; undefined for what is no page of this index. */
  readonly fileOf: (entry: Pick<TreeEntry, 'path' | 'sha256'>) => string | undefined;
}

const LIST_PATH = `${SIMPLE_FOLDER}${SIMPLE_PAGE_NAME}`;
const pagePath = (project: string): string => `${SIMPLE_FOLDER}${project}/${SIMPLE_PAGE_NAME}`;

/** Pages in the order of a tree, each in a file of its own. */
async function* pageEntries(files: ProjectFiles, folder: string): AsyncGenerator<TreeEntry> {
  const kept = (path: string, text: string): TreeEntry => {
    const bytes = Buffer.from(text);
    const sha256 = sha256Hex(bytes);
    writeFileSync(join(folder, sha256), bytes);
    return { path, sha256, sizeBytes: bytes.length, mode: 'file' };
  };
  const list = kept(LIST_PATH, printSimpleIndexJson(files.names()));
  let isListed = false;
  for await (const [project, found] of files.projects()) {
    if (!isListed && LIST_PATH < pagePath(project)) yield list;
    isListed ||= LIST_PATH < pagePath(project);
    const unique = simpleIndex(found).get(project) ?? [];
    yield kept(pagePath(project), printSimpleProjectJson(keptProject(project, unique)));
  }
  if (!isListed) yield list;
}

async function* entriesIn(file: string): AsyncGenerator<TreeEntry> {
  for await (const line of linesOfFile(file)) yield JSON.parse(line) as TreeEntry;
}

async function* mergedByPath(one: AsyncGenerator<TreeEntry>, other: AsyncGenerator<TreeEntry>): AsyncGenerator<DirectoryItem> {
  let [left, right] = [await one.next(), await other.next()];
  while (left.done !== true || right.done !== true) {
    const isLeft = right.done === true || (left.done !== true && left.value.path < right.value.path);
    yield { kind: 'entry', entry: isLeft ? left.value : right.value };
    if (isLeft) left = await one.next();
    else right = await other.next();
  }
}

/** Writes entries to a file and what an index says of them to `files`; problems are handed on. */
async function* kept(
  directory: string,
  items: AsyncIterable<DirectoryItem>,
  files: ProjectFiles,
  write: (entry: TreeEntry) => void,
): AsyncGenerator<DirectoryItem> {
  for await (const item of items) {
    if (item.kind === 'problem') {
      yield item;
      continue;
    }
    const look = await lookAtDistribution(directory, item.entry);
    if (look.kind === 'problem') yield { kind: 'problem', path: item.entry.path, message: look.message };
    else if (look.kind === 'distribution') files.add(look.distribution);
    write(item.entry);
  }
}

/**
 * Adds the index of a Python volume to what is in a directory. A page is made of files from anywhere, so all of these are seen before
 * the first page is: they wait in a file, as does what the pages are made of, which comes in another order.
 */
export const withPythonIndex = (directory: string, items: AsyncIterable<DirectoryItem>, temporary: string): PythonIndex => {
  const [pages, entries] = [join(temporary, 'pages'), join(temporary, 'entries')];
  mkdirSync(pages, { recursive: true });

  async function* all(): AsyncGenerator<DirectoryItem> {
    const files = projectFiles(temporary);
    const descriptor = openSync(entries, 'w');
    try {
      yield* kept(directory, items, files, (entry) => void writeSync(descriptor, `${JSON.stringify(entry)}\n`));
    } finally {
      closeSync(descriptor);
    }
    yield* mergedByPath(entriesIn(entries), pageEntries(files, pages));
  }

  return { items: all(), fileOf: ({ path, sha256 }) => (path.startsWith(SIMPLE_FOLDER) ? join(pages, sha256) : undefined) };
};
