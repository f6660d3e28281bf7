import { readFile } from 'node:fs/promises';
import { encodePath } from '#domain/answer/url-path.ts';
import type { Inventory } from '#domain/inventory/inventory.ts';
import type { SnapshotPointer } from '#domain/snapshot/document.ts';
import type { SnapshotView } from '#domain/snapshot/view.ts';
import { openSnapshot } from '#wire/snapshot/open-snapshot.ts';
import type { LocalSystem } from '../runtime/local-system.ts';
import { type NetworkRow, networkRows } from '../terminal/network-rows.ts';
import type { EdgeAnswer } from './edge-cache.ts';
import { type ClientSetup, clientSetups, exampleUrls } from './example-urls.ts';
import { functionUrlEvent } from './function-url.ts';
import { mountSetups } from './mount-setups.ts';

const TEMPLATE = new URL('./home-page.html', import.meta.url);
/** The page is for a look at a network, not for an audit of thousands: /explain and --json have all. */
const MOST_ROWS = 500;
const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Names and evidence come from other people's servers. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}

const cell = (text: string): string => `<td>${escapeHtml(text)}</td>`;
const badge = (isGood: boolean, text: string): string =>
  `<td><span class="${isGood ? 'good' : 'bad'}">${escapeHtml(text)}</span></td>`;

function mirrorRow(row: NetworkRow): string {
  const { current, alternate, stale, absent, unproven } = row.repositories;
  const all = current + alternate + stale + absent + unproven;
  const held = row.state === 'serving' ? `${current} of ${all}` : '–';
  const cells = [row.host, row.country, row.category, row.protocols.join(' ') || '–'].map(cell);
  return `<tr>${cells.join('')}${badge(row.listed, row.standing)}<td>${held}</td><td class="why">${escapeHtml(row.why)}</td></tr>`;
}

function linkRow({ url, what }: { readonly url: string; readonly what: string }): string {
  return `<li><a href="${escapeHtml(url)}"><code>${escapeHtml(url)}</code></a><span>${escapeHtml(what)}</span></li>`;
}

function setupBlock({ file, text }: ClientSetup): string {
  return `<p class="soft"><code>${escapeHtml(file)}</code></p><pre>${escapeHtml(text)}</pre>`;
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '');
}

type Values = Readonly<Record<string, string>>;

function mirrorValues(view: SnapshotView, pointer: SnapshotPointer, base: string): Values {
  const rows = networkRows(view);
  const listed = new Set(rows.filter((row) => row.listed).map((row) => row.host));
  const { hosts, repositories, directories } = view.counts;
  return {
    network: escapeHtml(view.settings.network),
    summary: `${listed.size} of ${hosts} mirrors are offered for ${repositories} repositories in ${directories} directories.`,
    snapshot: `Snapshot ${pointer.sequence}, published ${escapeHtml(new Date(pointer.publishedMs).toISOString())}, ${pointer.sizeBytes} bytes, <code>${escapeHtml(pointer.name.slice(0, 12))}</code>`,
    rows: rows.slice(0, MOST_ROWS).map(mirrorRow).join('\n'),
    rest: rows.length > MOST_ROWS ? `<p>… and ${rows.length - MOST_ROWS} more.</p>` : '',
    setups: clientSetups(view, base).map(setupBlock).join('\n'),
    links: exampleUrls(view, '').slice(1).map(linkRow).join('\n'),
  };
}

/** Which release clients get, as `content` says it. */
async function releaseOf(system: Pick<LocalSystem, 'content'>, mount: string): Promise<string | undefined> {
  const question = { name: 'content', path: `/${encodePath(mount)}/`, query: '', headers: {}, nowMs: Date.now() };
  const reply = await system.content(functionUrlEvent(question)).catch(() => undefined);
  const sequence = reply?.headers?.['x-mirrortide-release'];
  return sequence === undefined ? undefined : `release ${String(sequence)}`;
}

async function contentValues(system: Pick<LocalSystem, 'content'>, { content }: Inventory, base: string): Promise<Values> {
  const { volumes, proxies } = content ?? { volumes: [], proxies: [] };
  if (volumes.length + proxies.length === 0) return { contentClass: 'none' };
  const link = (mount: string): string => `<td><a href="/${escapeHtml(encodePath(mount))}/">${escapeHtml(`/${mount}/`)}</a></td>`;
  const volumeRows = volumes.slice(0, MOST_ROWS).map(async ({ mount, type }) => {
    const release = await releaseOf(system, mount);
    return `<tr>${link(mount)}${cell(type)}${badge(release !== undefined, release ?? 'nothing yet')}${cell('')}</tr>`;
  });
  const proxyRows = proxies
    .slice(0, MOST_ROWS)
    .map(
      ({ mount, type, upstream }) =>
        `<tr>${link(mount)}${cell(type)}${badge(true, 'proxy')}<td class="why">${escapeHtml(upstream)}</td></tr>`,
    );
  return {
    volumes: [...(await Promise.all(volumeRows)), ...proxyRows].join('\n'),
    mounts: mountSetups({ volumes, proxies }, base).map(setupBlock).join('\n'),
  };
}

const WAITING: Values = { summary: 'Nothing is published yet: the masters are being scanned and the mirrors crawled.' };
const ONLY_CONTENT: Values = {
  summary: 'This network has no mirrors; it serves the content below itself.',
  mirrorsClass: 'none',
};

/**
 * The first page that a newcomer sees: what is published, which mirrors are offered or not and why, what is served from here, how to
 * become a client, and what to ask. `base` is where this edge listens, as clients write it.
 */
export async function homePage(
  system: Pick<LocalSystem, 'published' | 'content'>,
  inventory: Inventory,
  base: string,
): Promise<EdgeAnswer> {
  const template = await readFile(TEMPLATE, 'utf8');
  const published = await system.published();
  const mirrors = published === undefined ? WAITING : mirrorValues(openSnapshot(published.bytes), published.pointer, base);
  const values = {
    network: escapeHtml(inventory.settings.name),
    ...(inventory.categories.length === 0 ? ONLY_CONTENT : mirrors),
    ...(await contentValues(system, inventory, base)),
  };
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'",
    },
    body: Buffer.from(fill(template, values)),
  };
}
