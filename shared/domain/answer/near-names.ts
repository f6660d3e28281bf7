/**
 * Names to suggest when somebody asks for one that is not published: few, near, and cheap to find, since a wrong name is asked for
 * as often as its typist's cron job runs. MirrorManager lists all 3,000 names (124 kB); an error that large is an amplifier.
 */
import type { SnapshotView } from '../snapshot/view.ts';

const SUGGESTIONS = 4;
/** Longer names are not compared, only cut. */
const COMPARED_LENGTH = 80;
/** Sibling directories looked at. */
const SIBLINGS = 400;

/** Edits (insert, delete, replace) from one text to the other; stops at `limit`, then gives `limit`. */
export const editDistance = (a: string, b: string, limit: number): number => {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i += 1) {
    const row = [i + 1];
    let smallest = i + 1;
    for (let j = 0; j < b.length; j += 1) {
      const replace = (previous[j] ?? 0) + (a.charCodeAt(i) === b.charCodeAt(j) ? 0 : 1);
      const cost = Math.min(replace, (previous[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1);
      row.push(cost);
      smallest = Math.min(smallest, cost);
    }
    if (smallest >= limit) return limit;
    previous = row;
  }
  return Math.min(limit, previous[b.length] ?? limit);
};

/** The nearest of `names`, nearest first; a name that continues or cuts the asked one short is near too. */
export const nearNames = (asked: string, names: Iterable<string>): string[] => {
  const name = asked.slice(0, COMPARED_LENGTH).toLowerCase();
  const limit = Math.max(3, Math.ceil(name.length / 3));
  const found: { readonly name: string; readonly distance: number }[] = [];
  for (const candidate of names) {
    const lower = candidate.slice(0, COMPARED_LENGTH).toLowerCase();
    const distance = editDistance(name, lower, limit);
    if (distance < limit) found.push({ name: candidate, distance });
    else if (name.length > 2 && lower.startsWith(name)) found.push({ name: candidate, distance: limit });
  }
  found.sort((a, b) => a.distance - b.distance);
  return found.slice(0, SUGGESTIONS).map((one) => one.name);
};

/** Near repositories as `repo=R&arch=A`: other architectures of a known name, or near names. */
export const nearRepositories = (view: SnapshotView, repo: string, arch: string): string[] => {
  const known = view.architectures(repo);
  if (known.length > 0) {
    const near = nearNames(arch, known);
    return (near.length > 0 ? near : known.slice(0, SUGGESTIONS)).map((one) => `repo=${repo}&arch=${one}`);
  }
  return nearNames(repo, view.repositoryNames()).map((name) => {
    const arches = view.architectures(name);
    return `repo=${name}&arch=${arches.includes(arch) ? arch : (arches[0] ?? '')}`;
  });
};

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

/** The deepest published ancestor, and those of its children whose name is near the one that was asked for. */
export const nearPaths = (view: SnapshotView, path: string): string[] => {
  let ancestor = parentOf(path);
  while (ancestor !== '' && view.directory(ancestor) === undefined) ancestor = parentOf(ancestor);
  const prefix = ancestor === '' ? '' : `${ancestor}/`;
  const wanted = path.slice(prefix.length).split('/')[0] ?? '';
  const children = new Set<string>();
  let position = view.directoryPosition(prefix);
  for (let looked = 0; looked < SIBLINGS && position < view.counts.directories; looked += 1) {
    const found = view.directoryAt(position).path;
    if (!found.startsWith(prefix)) break;
    const [child = '', deeper] = found.slice(prefix.length).split('/');
    children.add(child);
    // `0` is the character after `/`: from the first directory below a child, on to what follows all of them.
    position = deeper === undefined ? position + 1 : Math.max(position + 1, view.directoryPosition(`${prefix}${child}0`));
  }
  children.delete('');
  const near = nearNames(wanted, children).map((child) => `path=${prefix}${child}`);
  return ancestor === '' ? near : [...near, `path=${ancestor}`];
};
