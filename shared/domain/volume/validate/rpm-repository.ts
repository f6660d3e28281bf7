/**
 * A repository of rpm packages is whole when everything that a client can be told to fetch is there: repomd.xml names the indexes,
 * the index `primary` names the packages, each with its size and its digest. A client that finds one of them missing or different
 * fails in the middle of a transaction. A volume may hold several repositories, one for each repodata/repomd.xml. Packages that no
 * index names are allowed, since no client asks for them. Signatures are the clients' business. The format is createrepo_c's.
 */
import type { Digest } from '../../artefact/digest.ts';
import { WireError } from '../../errors.ts';
import type { ReleaseProblem } from '../release.ts';
import type { TreeReader } from '../tree-reader.ts';
import { type DigestOfFile, expectFile, expectFileOfAnyDigest, folderOf, pathBelow } from './expected-file.ts';
import { type ProblemList, problemList } from './problem-list.ts';

/** Where a file is: below the repository, or, with a base, somewhere else on the network. */
export interface RpmLocation {
  readonly href: string;
  readonly base: string | undefined;
}

/** A `<data>` of repomd.xml. */
export interface RpmIndex {
  readonly type: string;
  readonly location: RpmLocation;
  readonly digest: Digest | undefined;
  readonly openDigest: Digest | undefined;
  readonly sizeBytes: number | undefined;
  readonly openSizeBytes: number | undefined;
}

/** A `<package>` of the index `primary`. */
export interface RpmPackage {
  /** `name-version-release.arch`, for people. */
  readonly label: string;
  readonly location: RpmLocation;
  readonly digest: Digest | undefined;
  readonly sizeBytes: number | undefined;
}

/** The last part of a stream of packages says what the index was, unpacked. */
export type RpmPackages =
  | { readonly kind: 'packages'; readonly packages: readonly RpmPackage[] }
  | { readonly kind: 'end'; readonly announced: number | undefined; readonly sizeBytes: number; readonly digestHex: string };

/** What is written in the files of a repository. Each throws WireError when it is not that, and says why. */
export interface RpmDocuments {
  readonly repomd: (path: string) => Promise<readonly RpmIndex[]>;
  /** A part at a time: the index of a distribution is hundreds of megabytes. */
  readonly packages: (index: string, openDigest: Digest | undefined) => AsyncIterable<RpmPackages>;
  readonly digest: DigestOfFile;
}

interface Check {
  readonly tree: TreeReader;
  readonly documents: RpmDocuments;
  readonly problems: ProblemList;
  /** Folder of the repository. */
  readonly root: string;
  readonly repomd: string;
}

const HEAD = 'repodata/repomd.xml';

export async function rpmProblems(tree: TreeReader, documents: RpmDocuments): Promise<readonly ReleaseProblem[]> {
  const problems = problemList();
  const heads = [...tree.paths()].filter((path) => path === HEAD || path.endsWith(`/${HEAD}`));
  if (heads.length === 0) problems.add(HEAD, 'is not in the release, so no client finds a repository');
  for (const repomd of heads) await checkRepository({ tree, documents, problems, root: folderOf(folderOf(repomd)), repomd });
  return problems.list();
}

async function checkRepository(check: Check): Promise<void> {
  const indexes = await readable(check, check.repomd, () => check.documents.repomd(check.repomd));
  if (indexes === undefined) return;
  const primaries = indexes.filter(({ type }) => type === 'primary');
  if (primaries.length !== 1)
    check.problems.add(check.repomd, `names ${primaries.length} indexes of type primary; there must be one`);
  for (const index of indexes) {
    const path = await checkIndex(check, index);
    if (path !== undefined && index === primaries[0]) await readable(check, path, () => checkPackages(check, index, path));
  }
}

/** What cannot be read is a problem of its path, and the others are looked at nevertheless. */
async function readable<T>({ problems }: Check, path: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (fault) {
    if (!(fault instanceof WireError)) throw fault;
    problems.add(path, fault.message);
    return undefined;
  }
}

/** The path of an index that is as repomd.xml says. */
async function checkIndex(check: Check, index: RpmIndex): Promise<string | undefined> {
  const path = locate(check, index.location, check.repomd);
  if (path === undefined) return undefined;
  if (index.digest === undefined) check.problems.add(path, `has no digest of a known kind in ${check.repomd}`);
  const file = {
    path,
    said: check.repomd,
    ...(index.sizeBytes === undefined ? {} : { sizeBytes: index.sizeBytes }),
    ...(index.digest === undefined ? {} : { digest: index.digest }),
  };
  return (await expectFileOfAnyDigest(check, file, check.documents.digest)) ? path : undefined;
}

function locate({ problems, root }: Check, { href, base }: RpmLocation, said: string): string | undefined {
  if (base !== undefined) {
    problems.add(href, `is elsewhere according to ${said}: ${base}`);
    return undefined;
  }
  const path = pathBelow(root, href);
  if (path === undefined) problems.add(href, `is a path out of the repository, and ${said} names it`);
  return path;
}

async function checkPackages(check: Check, index: RpmIndex, path: string): Promise<void> {
  const owners = new Map<string, string>();
  let count = 0;
  for await (const part of check.documents.packages(path, index.openDigest)) {
    if (part.kind === 'end') {
      checkEnd(check, index, path, { ...part, count });
      continue;
    }
    count += part.packages.length;
    for (const item of part.packages) checkPackage(check, item, path, owners);
  }
}

interface End {
  readonly announced: number | undefined;
  readonly count: number;
  readonly sizeBytes: number;
  readonly digestHex: string;
}

function checkEnd({ problems, repomd }: Check, index: RpmIndex, path: string, end: End): void {
  if (end.announced !== undefined && end.announced !== end.count)
    problems.add(path, `says that it has ${end.announced} packages, and has ${end.count}`);
  if (index.openSizeBytes !== undefined && index.openSizeBytes !== end.sizeBytes)
    problems.add(path, `unpacks to ${end.sizeBytes} bytes, but ${repomd} says ${index.openSizeBytes}`);
  if (index.openDigest !== undefined && index.openDigest.hex !== end.digestHex)
    problems.add(path, `unpacks to ${index.openDigest.algorithm}-${end.digestHex}, but ${repomd} says ${index.openDigest.hex}`);
}

function checkPackage(check: Check, item: RpmPackage, index: string, owners: Map<string, string>): void {
  const path = locate(check, item.location, index);
  if (path === undefined) return;
  const other = owners.get(path);
  owners.set(path, item.label);
  if (other !== undefined) check.problems.add(path, `is in ${index} twice: for ${other} and for ${item.label}`);
  if (item.digest === undefined) check.problems.add(path, `has no digest of a known kind in ${index}`);
  expectFile(check, {
    path,
    said: index,
    ...(item.sizeBytes === undefined ? {} : { sizeBytes: item.sizeBytes }),
    ...(item.digest === undefined ? {} : { digest: item.digest }),
  });
}
