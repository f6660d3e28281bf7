/**
 * A directory as people see it in a browser. Names come from whoever publishes: they are escaped as text, and encoded as paths, with
 * `./` before them so that none is taken for a scheme (`a:b`). Nothing in the page runs. A page that is larger than an answer may be
 * would be an error whenever it is asked for, so long names make fewer rows.
 */
import { encodePath } from '../answer/url-path.ts';
import { byteText } from '../byte-text.ts';
import { escapeXml } from '../metalink/xml-text.ts';
import { utf8Bytes } from '../utf8-bytes.ts';
import { PAGE_BYTES } from './answer-bytes.ts';
import type { Directory, DirectoryRow } from './directory.ts';

export interface DirectoryPage {
  /** As it was asked for, decoded, with a slash at both ends. */
  readonly path: string;
  readonly directory: Directory;
  /** Below the table, such as of which release this is, and where to look further. */
  readonly foot?: { readonly text: string; readonly link: string; readonly href: string };
}

/** The path above the table, whose every folder is a link, has the rest. */
const ROWS_BYTES = (PAGE_BYTES / 4) * 3;

/** Only styles of its own. */
export const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const STYLE = [
  ':root{color-scheme:light dark;--line:#d5dae1;--soft:#5b6573;--accent:#0b5cad}',
  '@media(prefers-color-scheme:dark){:root{--line:#39424e;--soft:#9aa6b5;--accent:#7db8ff}}',
  'body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1.5rem 1.25rem 3rem}',
  'h1{font-size:1.25rem;line-height:1.4;font-weight:600;overflow-wrap:anywhere}',
  'table{border-collapse:collapse;width:100%}',
  'td{padding:.28rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}',
  'td+td{text-align:right;padding-left:1.5rem;white-space:nowrap;color:var(--soft);font-variant-numeric:tabular-nums}',
  'a{color:var(--accent);text-decoration:none}a:hover{text-decoration:underline}',
  'footer,p{color:var(--soft);font-size:.88rem;margin-top:1.2rem}',
].join('');

const anchor = (href: string, text: string): string => `<a href="${escapeXml(href)}">${escapeXml(text)}</a>`;

/** Each folder on the way is a link. */
const trail = (path: string): string => {
  const names = path.split('/').filter((name) => name !== '');
  const links = names.map((name, at) => anchor(`/${encodePath(names.slice(0, at + 1).join('/'))}/`, name));
  return ['<a href="/">/</a>', ...links.map((link) => `${link} /`)].join(' ');
};

const rowHtml = (row: DirectoryRow): string => {
  const slash = row.kind === 'directory' ? '/' : '';
  const beside = row.kind === 'directory' ? (row.note ?? '') : byteText(row.sizeBytes);
  return `<tr><td>${anchor(`./${encodePath(row.name)}${slash}`, `${row.name}${slash}`)}</td><td>${escapeXml(beside)}</td></tr>`;
};

/** The first of them, as many as fit. */
const fittingRows = (rows: readonly DirectoryRow[]): readonly string[] => {
  const fitting: string[] = [];
  let bytes = 0;
  for (const row of rows) {
    const html = rowHtml(row);
    bytes += utf8Bytes(html);
    if (bytes > ROWS_BYTES) return fitting;
    fitting.push(html);
  }
  return fitting;
};

export const directoryPage = ({ path, directory: { rows, isCut }, foot }: DirectoryPage): string => {
  const shown = fittingRows(rows);
  const lines = [
    '<!DOCTYPE html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">',
    `<title>${escapeXml(`Index of ${path}`)}</title><style>${STYLE}</style></head>`,
    `<body><h1>${trail(path)}</h1><table>`,
    ...(path === '/' ? [] : ['<tr><td><a href="../">../</a></td><td></td></tr>']),
    ...shown,
    '</table>',
    ...(rows.length === 0 ? ['<p>There is nothing here yet.</p>'] : []),
    ...(isCut || shown.length < rows.length ? [`<p>Only the first ${shown.length} are shown.</p>`] : []),
    ...(foot === undefined ? [] : [`<footer>${escapeXml(foot.text)} ${anchor(foot.href, foot.link)}</footer>`]),
    '</body></html>',
  ];
  return `${lines.join('\n')}\n`;
};
