import { WireError } from '#domain/errors.ts';
import type { ReleaseProblem } from '#domain/volume/release.ts';
import type { Sha256, TreeEntry } from '#domain/volume/tree.ts';
import { type PrintedShard, type PrintedTree, type TreePrinter, treePrinter } from '#wire/tree/tree-printer.ts';
import { breather } from '../breather.ts';
import type { DirectoryItem } from '../directory-entries.ts';
import { type DocumentFolder, sha256Hex } from '../trees/document-folder.ts';
import { VolumeProblem } from '../volume-exit.ts';

/** Told at once; whoever mends these runs it again. */
const MOST_SHOWN = 100;

export interface Printing {
  readonly documents: DocumentFolder;
  /** Shards that are stored for sure need not be kept. */
  readonly isStored: (sha256: Sha256) => boolean;
  readonly progress: (bytes: number) => void;
}

const unpublishable = (problems: readonly ReleaseProblem[], count: number): VolumeProblem => {
  const lines = problems.map(({ path, message }) => `    ${path}: ${message}`);
  const more = count > problems.length ? [`    … and ${count - problems.length} more`] : [];
  const what = count === 1 ? 'a file' : `${count} files`;
  return new VolumeProblem('local', [`${what} cannot be published; nothing was sent`, ...lines, ...more].join('\n'), {
    problems,
  });
};

/** Nothing can follow what cannot stand where it is. */
const added = (printer: TreePrinter, entry: TreeEntry): PrintedShard | undefined => {
  try {
    return printer.add(entry);
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    throw new VolumeProblem('local', `it cannot be published: ${cause.message}`, {}, { cause });
  }
};

/** Prints entries, in their order, as a tree; its documents go to a folder as they come. Throws VolumeProblem for those that cannot be in one. */
export const printDirectory = async (items: AsyncIterable<DirectoryItem>, printing: Printing): Promise<PrintedTree> => {
  const { documents, isStored, progress } = printing;
  const printer = treePrinter(sha256Hex);
  const problems: ReleaseProblem[] = [];
  let [count, bytes] = [0, 0];
  const keep = (shard: PrintedShard | undefined): void => {
    if (shard !== undefined && !isStored(shard.reference.sha256)) documents.put(shard.reference.sha256, shard.document);
  };
  const complain = (problem: ReleaseProblem): void => {
    count += 1;
    if (problems.length < MOST_SHOWN) problems.push(problem);
  };
  const breathe = breather();
  for await (const item of items) {
    await breathe();
    if (item.kind === 'problem') {
      complain(item);
      continue;
    }
    bytes += item.entry.sizeBytes;
    progress(bytes);
    keep(added(printer, item.entry));
  }
  if (count > 0) throw unpublishable(problems, count);
  keep(printer.rest());
  const printed = printer.root();
  documents.put(printed.sha256, printed.document);
  return printed;
};
