/**
 * What is released must be there to be installed, and pip asks an index: the page of a project by its name (PEP 503), which lists
 * the project's files. So every project that has a file has a page, in one of the forms that are served, below `simple/`. A volume
 * with a page of its own at its top is left as it is: its maker has said how it is to be looked through.
 */
import { distributionName, isDistribution } from '../python/distribution-name.ts';
import { normalName } from '../python/project-name.ts';
import type { ReleaseProblem } from '../release.ts';
import type { TreeReader } from '../tree-reader.ts';
import { nameOf } from './expected-file.ts';
import { problemList } from './problem-list.ts';

const PAGES = ['index.v1_json', 'index.html', 'index.v1_html', 'index.json'] as const;
const [SHOWN_PAGE] = PAGES;

type Tree = Pick<TreeReader, 'entry' | 'paths'>;

const hasPage = (tree: Tree, folder: string): boolean => PAGES.some((page) => tree.entry(`${folder}${page}`) !== undefined);

const projectsOf = (tree: Tree): ReadonlySet<string> => {
  const projects = new Set<string>();
  for (const path of tree.paths()) {
    if (!isDistribution(nameOf(path))) continue;
    const name = distributionName(nameOf(path));
    if (name.kind !== 'bad') projects.add(normalName(name.project));
  }
  return projects;
};

export const pythonIndexProblems = (tree: Tree): readonly ReleaseProblem[] => {
  if (tree.entry('index.html') !== undefined) return [];
  const problems = problemList();
  const projects = [...projectsOf(tree)].toSorted();
  if (projects.length > 0 && !hasPage(tree, 'simple/'))
    problems.add(`simple/${SHOWN_PAGE}`, 'is not in the release, so nobody finds what is in it');
  for (const project of projects)
    if (!hasPage(tree, `simple/${project}/`))
      problems.add(`simple/${project}/${SHOWN_PAGE}`, `is not in the release, so pip does not find ${project}`);
  return problems.list();
};
