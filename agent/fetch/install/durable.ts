import type { Disk } from '../fetch-world.ts';

const READABLE = 0o644;

export function writeAll(disk: Pick<Disk, 'writeSync'>, descriptor: number, bytes: Buffer, position: number): void {
  for (let written = 0; written < bytes.length; )
    written += disk.writeSync(descriptor, bytes, written, bytes.length - written, position + written);
}

export const temporaryOf = (path: string): string => `${path}.new`;

/** A file is there whole or not at all, and on disk when this returns. */
export function writeWhole(disk: Disk, folder: string, path: string, text: string): void {
  const temporary = temporaryOf(path);
  const descriptor = disk.openSync(temporary, 'w', READABLE);
  try {
    writeAll(disk, descriptor, Buffer.from(text), 0);
    disk.fsyncSync(descriptor);
  } finally {
    disk.closeSync(descriptor);
  }
  disk.renameSync(temporary, path);
  syncPath(disk, folder);
}

/** Of a file, or of a folder: a new name is in its folder, and only a sync of the folder makes it last (ext4, XFS). */
export function syncPath(disk: Pick<Disk, 'openSync' | 'fsyncSync' | 'closeSync'>, path: string): void {
  const descriptor = disk.openSync(path, 'r');
  try {
    disk.fsyncSync(descriptor);
  } finally {
    disk.closeSync(descriptor);
  }
}

/** Undefined for what is not there; everything else that goes wrong goes wrong. */
export function quietly<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EINVAL') return undefined;
    throw error;
  }
}
