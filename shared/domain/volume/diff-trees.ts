/**
 * What one release changed against another, path by path. Both come in order, so one pass over both is enough and neither is held.
 * A file that only became executable is changed; one that moved is removed and added, as for a client it is.
 */
import type { TreeEntry } from './tree.ts';

export type TreeChange =
  | { readonly kind: 'added'; readonly path: string; readonly after: TreeEntry }
  | { readonly kind: 'removed'; readonly path: string; readonly before: TreeEntry }
  | { readonly kind: 'changed'; readonly path: string; readonly before: TreeEntry; readonly after: TreeEntry };

export const sameContent = (one: TreeEntry, other: TreeEntry): boolean =>
  one.sha256 === other.sha256 && one.sizeBytes === other.sizeBytes && one.mode === other.mode;

const differenceOf = (before: TreeEntry | undefined, after: TreeEntry | undefined): TreeChange | undefined => {
  if (before === undefined) return after && { kind: 'added', path: after.path, after };
  if (after === undefined) return { kind: 'removed', path: before.path, before };
  return sameContent(before, after) ? undefined : { kind: 'changed', path: before.path, before, after };
};

const firstPath = (one: TreeEntry | undefined, other: TreeEntry | undefined): string | undefined => {
  if (one === undefined || other === undefined) return one?.path ?? other?.path;
  return one.path < other.path ? one.path : other.path;
};

export function* diffTrees(before: Iterable<TreeEntry>, after: Iterable<TreeEntry>): Generator<TreeChange> {
  const [olds, news] = [before[Symbol.iterator](), after[Symbol.iterator]()];
  let [left, right]: [TreeEntry | undefined, TreeEntry | undefined] = [olds.next().value, news.next().value];
  for (let path = firstPath(left, right); path !== undefined; path = firstPath(left, right)) {
    const [one, other] = [left?.path === path ? left : undefined, right?.path === path ? right : undefined];
    const change = differenceOf(one, other);
    if (change !== undefined) yield change;
    if (one !== undefined) left = olds.next().value;
    if (other !== undefined) right = news.next().value;
  }
}
