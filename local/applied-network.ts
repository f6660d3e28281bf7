import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Inventory } from '#domain/inventory/inventory.ts';

const FILE = 'applied-network.sha256';

/** Keys in the order of the parser, so equal files have equal digests. */
const digestOf = (inventory: Inventory): string => createHash('sha256').update(JSON.stringify(inventory)).digest('hex');

/**
 * Applies the network of a file unless it is the one that was applied last: what people changed through the API since then stays,
 * until the file itself changes. Killed in between, the same file is applied again.
 */
export async function applyOnce(folder: string, inventory: Inventory, apply: () => Promise<unknown>): Promise<void> {
  const file = join(folder, FILE);
  const digest = digestOf(inventory);
  const last = await readFile(file, 'utf8').catch(() => undefined);
  if (last?.trim() === digest) return;
  await apply();
  await writeFile(file, `${digest}\n`);
}
