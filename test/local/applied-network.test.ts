import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { applyOnce } from '../../local/applied-network.ts';
import { aHost, anInventory } from '../support/a-network.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-applied-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('applies a network once, and again only when it is another, or was not applied to the end', async () => {
  const applied: string[] = [];
  const start = (hosts: readonly string[], fails = false): Promise<void> =>
    applyOnce(folder, anInventory(hosts.map((id) => aHost(id))), async () => {
      if (fails) throw new Error('killed');
      applied.push(hosts.join());
    });
  await start(['a']);
  await start(['a']);
  await expect(start(['a', 'b'], true)).rejects.toThrow('killed');
  await start(['a', 'b']);
  await start(['a', 'b']);
  await start(['a']);
  expect(applied).toEqual(['a', 'a,b', 'a']);
});
