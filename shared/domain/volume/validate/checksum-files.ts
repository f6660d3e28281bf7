/**
 * Lists of checksums that are published beside the files they speak of: SHA256SUMS and its kin for a folder, NAME.sha256 for one
 * file. Whoever downloads by hand trusts them, so they must be right in the release that they are in. Every file that a list names
 * must be there. Only SHA-2 is looked at; lists of MD5 and SHA-1 are not. A volume of type `files` needs no lists at all.
 */
import type { ChecksumEntry } from '../../artefact/choose-digest.ts';
import { type DigestAlgorithm, isWeak } from '../../artefact/digest.ts';
import { WireError } from '../../errors.ts';
import type { IsExcluded } from '../excluded-paths.ts';
import type { ReleaseProblem } from '../release.ts';
import type { TreeReader } from '../tree-reader.ts';
import { type DigestOfFile, expectFileOfAnyDigest, folderOf, nameOf, pathBelow } from './expected-file.ts';
import { problemList } from './problem-list.ts';

export interface ChecksumDocuments {
  /** Throws WireError when it is no list of checksums. */
  readonly checksums: (path: string) => Promise<readonly ChecksumEntry[]>;
  readonly digest: DigestOfFile;
}

const FOLDER_LIST = /^(?:SHA(?:256|384|512)SUMS?|sha(?:256|384|512)sums?)(?:\.txt)?$|^(?:.+-)?CHECKSUM$/;
const SIDECAR = /^(.+)\.(sha256|sha384|sha512)(?:sum)?$/;

/** `isExcluded`: the volume does not want it, so that a file which a list names may be missing. */
export async function checksumProblems(
  tree: TreeReader,
  documents: ChecksumDocuments,
  isExcluded: IsExcluded = () => false,
): Promise<readonly ReleaseProblem[]> {
  const problems = problemList();
  for (const path of tree.paths()) {
    const list = listIn(nameOf(path));
    if (list === undefined) continue;
    try {
      for (const entry of await documents.checksums(path))
        await checkEntry({ tree, problems, isExcluded }, documents, path, list, entry);
    } catch (fault) {
      if (!(fault instanceof WireError)) throw fault;
      problems.add(path, fault.message);
    }
  }
  return problems.list();
}

interface List {
  /** Whose checksum a line without a name is. */
  readonly owner: string | undefined;
  readonly algorithm: DigestAlgorithm | undefined;
}

function listIn(name: string): List | undefined {
  if (FOLDER_LIST.test(name)) return { owner: undefined, algorithm: undefined };
  const [, owner, word] = SIDECAR.exec(name) ?? [];
  if (owner === undefined) return undefined;
  return { owner, algorithm: word === 'sha256' || word === 'sha384' || word === 'sha512' ? word : undefined };
}

async function checkEntry(
  rules: { readonly tree: TreeReader; readonly problems: ReturnType<typeof problemList>; readonly isExcluded: IsExcluded },
  { digest: digestOfFile }: ChecksumDocuments,
  said: string,
  { owner, algorithm }: List,
  { name, digest }: ChecksumEntry,
): Promise<void> {
  const written = name ?? owner;
  if (written === undefined) {
    rules.problems.add(said, `has a checksum of no file: ${digest.hex}`);
    return;
  }
  if (isWeak(digest)) return;
  if (algorithm !== undefined && digest.algorithm !== algorithm) {
    rules.problems.add(said, `is named for ${algorithm}, but has ${digest.algorithm}`);
    return;
  }
  const path = placeOf(rules.tree, folderOf(said), written);
  if (path === undefined) rules.problems.add(said, `names a path out of its folder: ${JSON.stringify(written)}`);
  else if (rules.tree.entry(path) !== undefined || !rules.isExcluded(path))
    await expectFileOfAnyDigest(rules, { path, said, digest }, digestOfFile);
}

/** Some lists name their files from the root of the release. */
function placeOf(tree: TreeReader, folder: string, written: string): string | undefined {
  const [below, fromRoot] = [pathBelow(folder, written), pathBelow('', written)];
  if (below === undefined || fromRoot === undefined) return undefined;
  return tree.entry(below) === undefined && tree.entry(fromRoot) !== undefined ? fromRoot : below;
}
