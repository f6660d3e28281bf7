/**
 * Paths in URLs. A directory's path is the master's own text; what a client may fetch is its percent-encoded form (RFC 3986), with
 * the characters that are legal in a path left alone, `+` among them: libstdc++ is asked for by that name.
 */
import type { SnapshotCategory } from '../snapshot/document.ts';

/** Percent-encodes a path of one or more segments; slashes stay. */
export const encodePath = (path: string): string =>
  encodeURI(path.toWellFormed()).replace(/[?#]/g, (character) => encodeURIComponent(character));

/** What follows a carrier's base URL: `/` and the path below the category's top directory. */
export const pathBelowTop = (category: SnapshotCategory, path: string): string => {
  const top = category.topDirectory;
  if (path === top) return '';
  return top !== '' && path.startsWith(`${top}/`) ? path.slice(top.length + 1) : path;
};

export const directorySuffix = (category: SnapshotCategory, path: string): string => {
  const below = pathBelowTop(category, path);
  return below === '' ? '/' : `/${encodePath(below)}/`;
};

export const fileSuffix = (category: SnapshotCategory, path: string): string => `/${encodePath(pathBelowTop(category, path))}`;
