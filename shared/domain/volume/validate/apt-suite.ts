/**
 * One suite of an archive of Debian packages; see apt-archive.ts for the rules. InRelease and Release are the same document with and
 * without a signature in it, and clients differ in which of them they read, so they must say the same. Where the suite announces by-hash,
 * indexes need not be there under their hashes: a served volume answers such paths by itself (content/by-hash.ts).
 */
import { WireError } from '../../errors.ts';
import type { IsExcluded } from '../excluded-paths.ts';
import type { TreeReader } from '../tree-reader.ts';
import type { AptDocuments, AptListed, AptPoolFile, AptRelease } from './apt-documents.ts';
import { easiestToRead, listedIndexes, mustBeThere, poolIndexKind } from './apt-indexes.ts';
import { expectFile, expectFileOfAnyDigest, joined, pathBelow } from './expected-file.ts';
import type { ProblemList } from './problem-list.ts';

export interface SuiteCheck {
  readonly tree: TreeReader;
  readonly documents: AptDocuments;
  readonly problems: ProblemList;
  /** `dists/stable`. */
  readonly folder: string;
  /** The folder above `dists`. */
  readonly root: string;
  /** Files of the pool that were looked at, with what was said of them. */
  readonly seen: Set<string>;
  readonly isExcluded: IsExcluded;
}

/** All compressions of one index. */
interface Index {
  /** Without an extension of compression, seen from the suite. */
  readonly base: string;
  readonly listed: readonly AptListed[];
  /** Those that are in the release as they should be. */
  readonly good: readonly AptListed[];
  readonly present: number;
}

const SAME_FIELDS = ['origin', 'suite', 'codename', 'date', 'valid-until', 'architectures', 'components', 'acquire-by-hash'];

export async function checkSuite(check: SuiteCheck): Promise<void> {
  const [signed, plain] = [await readHead(check, 'InRelease'), await readHead(check, 'Release')];
  const [name, release] = signed === undefined ? ['Release', plain] : ['InRelease', signed];
  if (signed !== undefined && plain !== undefined) compare(check, signed, plain);
  if (release === undefined) return;
  const said = joined(check.folder, name);
  if (!release.files.some(({ sha256, sha512 }) => sha256 !== undefined || sha512 !== undefined)) {
    check.problems.add(said, 'lists no files with SHA256 or SHA512, and apt accepts no others');
    return;
  }
  const indexes = await checkListed(check, release, said);
  for (const index of indexes) {
    const path = joined(check.folder, index.base);
    if (index.present === 0 && mustBeThere(index.base, release.fields) && !check.isExcluded(path))
      check.problems.add(path, `is not in the release in any compression, but ${said} lists it`);
    await checkIndex(check, index, said);
  }
}

async function readHead(check: SuiteCheck, name: string): Promise<AptRelease | undefined> {
  const path = joined(check.folder, name);
  return check.tree.entry(path) === undefined ? undefined : readable(check, path, () => check.documents.release(path));
}

async function readable<T>({ problems }: SuiteCheck, path: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (fault) {
    if (!(fault instanceof WireError)) throw fault;
    problems.add(path, fault.message);
    return undefined;
  }
}

function compare({ problems, folder }: SuiteCheck, signed: AptRelease, plain: AptRelease): void {
  const field = SAME_FIELDS.find((name) => signed.fields.get(name) !== plain.fields.get(name));
  const [one, other] = [listing(signed), listing(plain)];
  const file = [...new Set([...one.keys(), ...other.keys()])].find((path) => one.get(path) !== other.get(path));
  const difference = field ?? file;
  if (difference !== undefined)
    problems.add(joined(folder, 'InRelease'), `says something else of ${difference} than Release does`);
}

const listing = ({ files }: AptRelease): ReadonlyMap<string, string> =>
  new Map(files.map(({ path, sizeBytes, sha256, sha512 }) => [path, `${sizeBytes} ${sha256?.hex} ${sha512?.hex}`]));

async function checkListed(check: SuiteCheck, release: AptRelease, said: string): Promise<readonly Index[]> {
  const indexes: Index[] = [];
  for (const [base, listed] of listedIndexes(release.files)) {
    const present = listed.filter(({ path }) => check.tree.entry(joined(check.folder, path)) !== undefined);
    const good: AptListed[] = [];
    for (const file of present) if (await checkFile(check, file, said)) good.push(file);
    indexes.push({ base, listed, good, present: present.length });
  }
  return indexes;
}

async function checkFile(check: SuiteCheck, file: AptListed, said: string): Promise<boolean> {
  const path = pathBelow(check.folder, file.path);
  if (path === undefined) {
    check.problems.add(file.path, `is a path out of the suite, and ${said} lists it`);
    return false;
  }
  const digest = file.sha256 ?? file.sha512;
  if (digest === undefined) {
    check.problems.add(path, `has neither SHA256 nor SHA512 in ${said}`);
    return false;
  }
  return expectFileOfAnyDigest(check, { path, said, digest, sizeBytes: file.sizeBytes }, check.documents.digest);
}

async function checkIndex(check: SuiteCheck, index: Index, said: string): Promise<void> {
  const [kind, chosen] = [poolIndexKind(index.base), easiestToRead(index.good)];
  if (kind === undefined || chosen === undefined) return;
  const read = joined(check.folder, chosen.path);
  await readable(check, read, () => checkPool(check, index, read, said, kind));
}

async function checkPool(
  check: SuiteCheck,
  index: Index,
  path: string,
  said: string,
  kind: 'Packages' | 'Sources',
): Promise<void> {
  for await (const part of check.documents.poolFiles(path, kind)) {
    if (part.kind === 'files') {
      for (const file of part.files) checkPoolFile(check, file, path);
      continue;
    }
    const open = index.listed.find((file) => file.path === index.base);
    if (open?.sha256 !== undefined && (open.sizeBytes !== part.sizeBytes || open.sha256.hex !== part.sha256))
      check.problems.add(path, `unpacks to sha256-${part.sha256}, but ${said} says sha256-${open.sha256.hex} of ${index.base}`);
  }
}

function checkPoolFile(check: SuiteCheck, file: AptPoolFile, index: string): void {
  const key = `${file.path}\n${file.sizeBytes}\n${file.digest?.hex}`;
  if (check.seen.has(`${check.root}\n${key}`)) return;
  check.seen.add(`${check.root}\n${key}`);
  const path = pathBelow(check.root, file.path);
  if (path === undefined) {
    check.problems.add(file.path, `is a path out of the archive, and ${index} names it`);
    return;
  }
  if (file.sizeBytes === undefined) check.problems.add(path, `has no size in ${index}`);
  if (file.digest === undefined) check.problems.add(path, `has neither SHA256 nor SHA512 in ${index}`);
  expectFile(check, {
    path,
    said: index,
    ...(file.sizeBytes === undefined ? {} : { sizeBytes: file.sizeBytes }),
    ...(file.digest === undefined ? {} : { digest: file.digest }),
  });
}
