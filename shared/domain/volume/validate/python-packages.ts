/**
 * A volume of Python packages is whole when everything in it that an index would offer can be installed as what it is called: wheels
 * are opened (see wheel.ts), archives of source have a name that says project and version. The index is made from the files, so its
 * links resolve by construction; pages of an index that are in the volume themselves are held to the same. Which of two different
 * files with one name pip would take is chance, so that is refused.
 */
import { WireError } from '../../errors.ts';
import { distributionName, isDistribution, type SourceName, type WheelName } from '../python/distribution-name.ts';
import { normalName } from '../python/project-name.ts';
import type { Distribution } from '../python/simple-index.ts';
import type { ReleaseProblem } from '../release.ts';
import type { TreeEntry } from '../tree.ts';
import type { TreeReader } from '../tree-reader.ts';
import { nameOf } from './expected-file.ts';
import { type ProblemList, problemList } from './problem-list.ts';
import { checkWheel } from './wheel.ts';
import type { PythonDocuments } from './wheel-documents.ts';

export interface PythonCheck {
  readonly problems: readonly ReleaseProblem[];
  /** The good ones that were looked at, in the order of their paths. */
  readonly distributions: readonly Distribution[];
}

/** Pages of an index, by the name of its folder in PEP 503. */
const PAGE = /(?:^|\/)simple\/(?:[^/]+\/)?index\.(?:html|v1_html|v1_json|json)$/;

/** Files that are looked at together; each may hold a few megabytes. */
const AT_ONCE = 4;

/**
 * `before` is a release that was found good: what is in it under the same path with the same content is not opened again, since
 * twenty thousand wheels of which one is new should cost the reading of one.
 */
export async function checkPythonPackages(
  tree: TreeReader,
  documents: PythonDocuments,
  before?: Pick<TreeReader, 'entry'>,
): Promise<PythonCheck> {
  const problems = problemList();
  const distributions: Distribution[] = [];
  const byName = new Map<string, TreeEntry>();
  let waiting: TreeEntry[] = [];
  const look = async (): Promise<void> => {
    const looks = await Promise.all(waiting.map((entry) => checkDistribution(documents, entry)));
    for (const { complaints, found, path } of looks) {
      for (const message of complaints) problems.add(path, message);
      if (found !== undefined && complaints.length === 0) distributions.push(found);
    }
    waiting = [];
  };
  for (const path of tree.paths()) {
    const entry = tree.entry(path);
    if (entry === undefined) continue;
    if (PAGE.test(path)) await checkPage(tree, documents, problems, path);
    if (!isDistribution(nameOf(path))) continue;
    checkTwice(byName, problems, entry);
    if (before?.entry(path)?.sha256 !== entry.sha256) waiting.push(entry);
    if (waiting.length === AT_ONCE) await look();
  }
  await look();
  return { problems: problems.list(), distributions };
}

function checkTwice(byName: Map<string, TreeEntry>, problems: ProblemList, entry: TreeEntry): void {
  const other = byName.get(nameOf(entry.path));
  if (other === undefined) byName.set(nameOf(entry.path), entry);
  else if (other.sha256 !== entry.sha256) problems.add(entry.path, `has the name of ${other.path} and other content`);
}

interface Look {
  readonly path: string;
  readonly complaints: readonly string[];
  readonly found: Distribution | undefined;
}

async function checkDistribution(documents: PythonDocuments, { path, sha256, sizeBytes }: TreeEntry): Promise<Look> {
  const name = distributionName(nameOf(path));
  if (name.kind === 'bad') return { path, complaints: [name.reason], found: undefined };
  const complaints: string[] = [];
  const complain = (message: string): void => {
    complaints.push(message);
  };
  const requiresPython = name.kind === 'wheel' ? await openedWheel(documents, path, name, complain) : undefined;
  return { path, complaints, found: { path, name: nameOf(path), ...project(name), sha256, sizeBytes, requiresPython } };
}

const project = ({ project, version }: WheelName | SourceName) => ({ project: normalName(project), version });

async function openedWheel(
  documents: PythonDocuments,
  path: string,
  name: WheelName,
  complain: (message: string) => void,
): Promise<string | undefined> {
  try {
    return (await checkWheel(name, await documents.wheel(path), complain)).requiresPython;
  } catch (fault) {
    if (!(fault instanceof WireError)) throw fault;
    complain(fault.message);
    return undefined;
  }
}

/** Links to other hosts are nobody's promise here, and neither are those to other pages. */
async function checkPage(tree: TreeReader, documents: PythonDocuments, problems: ProblemList, page: string): Promise<void> {
  try {
    for (const { href, path, sha256 } of await documents.page(page)) {
      if (path === undefined || !isDistribution(nameOf(path))) continue;
      const entry = tree.entry(path);
      if (entry === undefined) problems.add(page, `links to ${href}, which is not in the release`);
      else if (sha256 === undefined) problems.add(page, `links to ${href} without its sha256`);
      else if (sha256 !== entry.sha256) problems.add(page, `links to ${href}, which is sha256-${entry.sha256}`);
    }
  } catch (fault) {
    if (!(fault instanceof WireError)) throw fault;
    problems.add(page, fault.message);
  }
}
