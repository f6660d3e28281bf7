import { readFile } from 'node:fs/promises';
import type { SnapshotPointer } from '#domain/snapshot/document.ts';
import type { SnapshotView } from '#domain/snapshot/view.ts';
import { openSnapshot } from '#wire/snapshot/open-snapshot.ts';
import type { LocalSystem } from '../runtime/local-system.ts';
import { type NetworkRow, networkRows } from '../terminal/network-rows.ts';
import type { EdgeAnswer } from './edge-cache.ts';
import { type ClientSetup, clientSetups, exampleUrls } from './example-urls.ts';

const TEMPLATE = new URL('./home-page.html', import.meta.url);
/** The page is for a look at a network, not for an audit of thousands: /explain and --json have all. */
const MOST_ROWS = 500;
const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Names and evidence come from other people's servers. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}

function mirrorRow(row: NetworkRow): string {
  const { current, alternate, stale, absent, unproven } = row.repositories;
  const all = current + alternate + stale + absent + unproven;
  const held = row.state === 'serving' ? `${current} of ${all}` : '–';
  const cells = [row.host, row.country, row.category, row.protocols.join(' ') || '–'].map(
    (text) => `<td>${escapeHtml(text)}</td>`,
  );
  const badge = `<td><span class="${row.listed ? 'good' : 'bad'}">${escapeHtml(row.standing)}</span></td>`;
  return `<tr>${cells.join('')}${badge}<td>${held}</td><td class="why">${escapeHtml(row.why)}</td></tr>`;
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

function pageValues(view: SnapshotView, pointer: SnapshotPointer, base: string): Readonly<Record<string, string>> {
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

const WAITING: Readonly<Record<string, string>> = {
  network: 'Mirrortide',
  summary: 'Nothing is published yet: the masters are being scanned and the mirrors crawled.',
  snapshot: '',
  rows: '',
  rest: '',
  setups: '',
  links: '',
};

/**
 * The first page that a newcomer sees: what is published, which mirrors are offered or not and why, how to become a client, and
 * what to ask. `base` is where this edge listens, as clients write it.
 */
export async function homePage(system: Pick<LocalSystem, 'published'>, base: string): Promise<EdgeAnswer> {
  const template = await readFile(TEMPLATE, 'utf8');
  const published = await system.published();
  const values = published === undefined ? WAITING : pageValues(openSnapshot(published.bytes), published.pointer, base);
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
