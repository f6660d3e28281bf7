/**
 * Whether paths, coming one by one, are those of a tree: each sound, each after the one before, and none below another, since a
 * name is a file or a directory. The last of these needs memory of more than the path before: `a`, `a-b`, `a/b` are in order and
 * `a` is two paths back. But whatever begins with `a` stands together, so what must be remembered are the paths that the latest
 * one begins with, and these are few.
 */
import { treePathProblem } from './tree-path.ts';

/** Says what is wrong with the next path, or undefined. After a problem it is of no further use. */
export type TreeOrder = (path: string) => string | undefined;

export const treeOrder = (): TreeOrder => {
  let before: string | undefined;
  const beginnings: string[] = [];
  return (path) => {
    const problem = treePathProblem(path);
    if (problem !== undefined) return problem;
    if (path === before) return 'a path is there once';
    if (before !== undefined && path < before) return 'paths are in the order of their code units';
    while (beginnings.length > 0 && !path.startsWith(beginnings.at(-1) ?? '')) beginnings.pop();
    const file = beginnings.find((beginning) => path.startsWith(`${beginning}/`));
    if (file !== undefined) return `${file} is a file and not a directory`;
    beginnings.push(path);
    before = path;
    return undefined;
  };
};
