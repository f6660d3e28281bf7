/**
 * A directory as people see it in a browser, made of the entries below it. A tree has files only, so a directory is what their
 * paths begin with, and an empty one cannot be. Names come from whoever publishes: they are escaped as text, and encoded as paths,
 * with `./` before them so that none is taken for a scheme (`a:b`).
 */
import { encodePath } from '../answer/url-path.ts';
import { escapeXml } from '../metalink/xml-text.ts';
import type { TreeEntry } from '../volume/tree.ts';

export type DirectoryRow =
  | { readonly kind: 'directory'; readonly name: string }
  | { readonly kind: 'file'; readonly name: string; readonly sizeBytes: number };

export interface Directory {
  readonly rows: readonly DirectoryRow[];
  /** There are more rows than are shown. */
  readonly isCut: boolean;
}

/** More than that nobody reads; programs follow indexes instead. */
export const MOST_ROWS = 10_000;

/** Rows of the directory whose path is `prefix` (empty, or with a slash at its end), from entries in order. Undefined: no such directory. */
export const directoryOf = (prefix: string, entries: Iterable<TreeEntry>, most: number = MOST_ROWS): Directory | undefined => {
  const rows: DirectoryRow[] = [];
  let within = '';
  for (const { path, sizeBytes } of entries) {
    if (!path.startsWith(prefix) || (within !== '' && path.startsWith(within))) continue;
    if (rows.length === most) return { rows, isCut: true };
    const rest = path.slice(prefix.length);
    const slash = rest.indexOf('/');
    const name = slash === -1 ? rest : rest.slice(0, slash);
    within = slash === -1 ? '' : `${prefix}${name}/`;
    rows.push(slash === -1 ? { kind: 'file', name, sizeBytes } : { kind: 'directory', name });
  }
  return rows.length === 0 ? undefined : { rows, isCut: false };
};

const rowHtml = (row: DirectoryRow): string => {
  const slash = row.kind === 'directory' ? '/' : '';
  const size = row.kind === 'directory' ? '' : `<td>${row.sizeBytes}</td>`;
  return `<tr><td><a href="./${escapeXml(encodePath(row.name))}${slash}">${escapeXml(row.name)}${slash}</a></td>${size}</tr>`;
};

/** `title` is the path that was asked for. */
export const directoryPage = (title: string, { rows, isCut }: Directory, isTop: boolean): string => {
  const heading = escapeXml(`Index of ${title}`);
  const lines = [
    '<!DOCTYPE html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<title>${heading}</title></head><body><h1>${heading}</h1><table>`,
    ...(isTop ? [] : ['<tr><td><a href="../">../</a></td></tr>']),
    ...rows.map(rowHtml),
    `</table>${isCut ? `<p>Only the first ${rows.length} are shown.</p>` : ''}</body></html>`,
  ];
  return `${lines.join('\n')}\n`;
};
