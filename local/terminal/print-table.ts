import type { NetworkRow } from './network-rows.ts';

export interface TablePaint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly dim: (text: string) => string;
}

const same = (text: string): string => text;
export const PLAIN_PAINT: TablePaint = { good: same, bad: same, dim: same };
const colour =
  (code: number) =>
  (text: string): string =>
    `\u001b[${code}m${text}\u001b[0m`;
export const COLOUR_PAINT: TablePaint = { good: colour(32), bad: colour(31), dim: colour(2) };

const HEADINGS = ['host', 'in', 'category', 'answers', 'state', 'holds', 'why not'] as const;
/** A network of thousands is read with --json or in the browser. */
const MOST_ROWS = 200;
const LONGEST_REASON = 90;

/** Peers' text is in it: nothing that a terminal obeys may reach one. */
function printable(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}]/gu, ' ');
  return clean.length > LONGEST_REASON ? `${clean.slice(0, LONGEST_REASON - 1)}…` : clean;
}

function freshness(row: NetworkRow): string {
  if (row.state !== 'serving') return '-';
  const { current, alternate, stale, absent, unproven } = row.repositories;
  const all = current + alternate + stale + absent + unproven;
  const share = `${Math.floor(row.currentShare * 100)} %`;
  return all === 0 ? share : `${current}/${all} repos, ${share}`;
}

function cells(row: NetworkRow): readonly string[] {
  return [row.host, row.country, row.category, row.protocols.join(' ') || '-', row.standing, freshness(row), printable(row.why)];
}

/** A table for people, without a line end after the last row. */
export function printTable(rows: readonly NetworkRow[], paint: TablePaint): string {
  const shown = rows.slice(0, MOST_ROWS);
  const lines = shown.map(cells);
  const widths = HEADINGS.map((heading, column) =>
    lines.reduce((width, line) => Math.max(width, line[column]?.length ?? 0), heading.length),
  );
  const pad = (line: readonly string[]): string =>
    line.map((cell, column) => (column === line.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  ');
  const body = lines.map((line, index) => (shown[index]?.listed === true ? paint.good : paint.bad)(pad(line)));
  const rest = rows.length > shown.length ? [paint.dim(`… and ${rows.length - shown.length} more (--json prints all)`)] : [];
  return [paint.dim(pad(HEADINGS)), ...body, ...rest].join('\n');
}
