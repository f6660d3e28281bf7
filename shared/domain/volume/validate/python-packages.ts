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
  /** The good ones, in the order of their paths. */
  readonly distributions: readonly Distribution[];
}

/** Pages of an index, by the name of its folder in PEP 503. */
const PAGE = /(?:^|\/)simple\/(?:[^/]+\/)?index\.(?:html|v1_html|v1_json|json)$/;

export async function checkPythonPackages(tree: TreeReader, documents: PythonDocuments): Promise<PythonCheck> {
  const problems = problemList();
  const distributions: Distribution[] = [];
  const byName = new Map<string, TreeEntry>();
  for (const path of tree.paths()) {
    const entry = tree.entry(path);
    if (entry === undefined) continue;
    if (PAGE.test(path)) await checkPage(tree, documents, problems, path);
    if (!isDistribution(nameOf(path))) continue;
    checkTwice(byName, problems, entry);
    const found = await checkDistribution(documents, problems, entry);
    if (found !== undefined) distributions.push(found);
  }
  return { problems: problems.list(), distributions };
}

function checkTwice(byName: Map<string, TreeEntry>, problems: ProblemList, entry: TreeEntry): void {
  const other = byName.get(nameOf(entry.path));
  if (other === undefined) byName.set(nameOf(entry.path), entry);
  else if (other.sha256 !== entry.sha256) problems.add(entry.path, `has the name of ${other.path} and other content`);
}

async function checkDistribution(
  documents: PythonDocuments,
  problems: ProblemList,
  entry: TreeEntry,
): Promise<Distribution | undefined> {
  const { path, sha256, sizeBytes } = entry;
  const name = distributionName(nameOf(path));
  if (name.kind === 'bad') {
    problems.add(path, name.reason);
    return undefined;
  }
  let good = true;
  const complain = (message: string): void => {
    good = false;
    problems.add(path, message);
  };
  const requiresPython = name.kind === 'wheel' ? await openedWheel(documents, path, name, complain) : undefined;
  return good ? { path, name: nameOf(path), ...project(name), sha256, sizeBytes, requiresPython } : undefined;
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
