/**
 * An archive of Debian packages is whole when apt can fetch everything that it can be told of. Of every suite, dists/SUITE/InRelease
 * (or Release) lists the indexes with their digests, and the indexes list the files of the pool with theirs. Rules of Debian's
 * "DebianRepository/Format": of an index that is listed in several compressions one is enough; every Packages that is listed must
 * be there, other indexes (sources, translations, contents) need not, but are right when they are; SHA256 or SHA512 is required, as
 * apt requires it. Signatures are not verified: clients do that, with keys that are theirs. See apt-suite.ts for one suite.
 */
import type { IsExcluded } from '../excluded-paths.ts';
import type { ReleaseProblem } from '../release.ts';
import type { TreeReader } from '../tree-reader.ts';
import type { AptDocuments } from './apt-documents.ts';
import { checkSuite, type SuiteCheck } from './apt-suite.ts';
import { nameOf } from './expected-file.ts';
import { type ProblemList, problemList } from './problem-list.ts';

/** The folder of a suite, and before it the folder that paths of the pool are seen from. Folders of one architecture have a Release too. */
const HEAD = /^(?:(.*)\/)?dists\/(.+)\/(?:InRelease|Release)$/;
const NO_SUITE = /(?:^|\/)(?:binary-[^/]+|source|installer-[^/]+)$/;
const BY_HASH = /(?:^|\/)dists\/.+\/by-hash\/SHA256\/[^/]+$/;

/** `isExcluded`: the volume does not want it, so that an index which a suite lists may be missing. */
export async function aptProblems(
  tree: TreeReader,
  documents: AptDocuments,
  isExcluded: IsExcluded = () => false,
): Promise<readonly ReleaseProblem[]> {
  const problems = problemList();
  const suites = new Map<string, string>();
  for (const path of tree.paths()) {
    const [, root = '', suite = ''] = HEAD.exec(path) ?? [];
    if (suite !== '' && !NO_SUITE.test(suite)) suites.set(root === '' ? `dists/${suite}` : `${root}/dists/${suite}`, root);
    if (BY_HASH.test(path)) checkByHash(tree, problems, path);
  }
  if (suites.size === 0) problems.add('dists', 'has no suite with InRelease or Release, so no client finds an archive');
  // Most files of the pool are in the indexes of several architectures.
  const seen = new Set<string>();
  for (const [folder, root] of suites)
    await checkSuite({ tree, documents, problems, folder, root, seen, isExcluded } satisfies SuiteCheck);
  return problems.list();
}

function checkByHash(tree: TreeReader, problems: ProblemList, path: string): void {
  const entry = tree.entry(path);
  if (entry !== undefined && entry.sha256 !== nameOf(path))
    problems.add(path, `is sha256-${entry.sha256}, but its name says another`);
}
