import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readTree } from '../../../agent/volume/publish/read-tree.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-unpacking-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('whoever interrupts a publish of an archive does not wait until all of it is unpacked', async () => {
  const [source, temporary, archive] = ['source', 'temporary', 'a.tar.gz'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [source, temporary]) await mkdir(path);
  for (let at = 0; at < 20; at += 1) await writeFile(join(source, `file-${at}`), `content ${at}`);
  execFileSync('tar', ['-czf', archive, '-C', source, '.']);
  const stopping = new AbortController();
  const unpacked = join(temporary, 'unpacked');
  const progress = (what: string): void => {
    if (what === 'unpacking' && existsSync(unpacked)) stopping.abort();
  };
  const reading = readTree({
    source: archive,
    temporary,
    type: 'files',
    index: false,
    current: undefined,
    document: () => Promise.reject(new Error('nothing is current')),
    report: { progress, end: () => undefined },
    stop: stopping.signal,
  });
  await expect(reading).rejects.toThrow('aborted');
  expect((await readdir(unpacked)).length).toBeLessThan(3);
});
