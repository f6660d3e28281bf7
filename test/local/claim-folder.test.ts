import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { claimFolder } from '../../local/claim-folder.ts';
import { until } from '../support/until.ts';

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

it('takes over from a process that was killed and that nobody waited for', async () => {
  // The shell becomes a program that never asks how its child ended.
  const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const [pid] = (await once(parent.stdout, 'data')) as [Buffer];
    const stat = `/proc/${String(pid).trim()}/stat`;
    await until(
      'the child has ended',
      () => readFile(stat, 'utf8'),
      (text) => /\) Z /.test(text),
    );
    await writeFile(join(folder, 'running.pid'), String(pid));
    await claimFolder(folder);
  } finally {
    parent.kill('SIGKILL');
  }
});
