import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { claimFolder } from '../../local/claim-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-claim-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('gives a data directory to one process at a time', async () => {
  const giveBack = await claimFolder(folder);
  await expect(claimFolder(folder)).rejects.toThrow(`${folder} is in use by process ${process.pid}`);
  await giveBack();
  expect(await readdir(folder)).toEqual([]);
  await claimFolder(folder);
});

it('takes over what a killed process left, and what is no number', async () => {
  const { pid } = spawnSync('true');
  for (const left of [`${pid}\n`, 'garbage', '']) {
    await writeFile(join(folder, 'running.pid'), left);
    await claimFolder(folder);
    expect(await readFile(join(folder, 'running.pid'), 'utf8')).toBe(`${process.pid}\n`);
  }
});
