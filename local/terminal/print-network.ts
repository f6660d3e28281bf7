import { openSnapshot } from '#wire/snapshot/open-snapshot.ts';
import type { LocalSystem } from '../runtime/local-system.ts';
import { networkRows } from './network-rows.ts';
import { COLOUR_PAINT, PLAIN_PAINT, printTable } from './print-table.ts';

/** What is published now, for people or, with `json`, for programs. */
export async function printNetwork(system: Pick<LocalSystem, 'published'>, json: boolean): Promise<void> {
  const published = await system.published();
  if (published === undefined) return;
  const rows = networkRows(openSnapshot(published.bytes));
  if (json) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
  else process.stdout.write(`\n${printTable(rows, process.stdout.isTTY ? COLOUR_PAINT : PLAIN_PAINT)}\n\n`);
}
