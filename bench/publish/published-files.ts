// Files as a repository of packages has them: a hundred folders, a few kilobytes each.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Random, seededRandom } from '../network/random.ts';

const FOLDERS = 100;

const pathOf = (at: number): string =>
  join('pool', String(at % FOLDERS).padStart(2, '0'), `package-${String(at).padStart(7, '0')}.rpm`);

export interface PublishedFiles {
  readonly folder: string;
  /** Gives so many files other bytes. */
  readonly change: (count: number) => void;
}

const write = (folder: string, at: number, sizeBytes: number, random: Random): void => {
  const bytes = Buffer.allocUnsafe(sizeBytes);
  for (let offset = 0; offset + 4 <= sizeBytes; offset += 4) bytes.writeUInt32LE(random.below(0x1_0000_0000), offset);
  writeFileSync(join(folder, pathOf(at)), bytes);
};

export const publishedFiles = (folder: string, count: number, sizeBytes: number): PublishedFiles => {
  const random = seededRandom(count);
  for (let at = 0; at < FOLDERS; at += 1) mkdirSync(dirname(join(folder, pathOf(at))), { recursive: true });
  for (let at = 0; at < count; at += 1) write(folder, at, sizeBytes, random);
  return {
    folder,
    change: (changed) => {
      const step = Math.floor(count / changed);
      for (let at = 0; at < changed; at += 1) write(folder, at * step + random.below(step), sizeBytes, random);
    },
  };
};
