import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import {
  LARGEST_FILE_BYTES,
  type LoadedNetworkFile,
  readNetworkFile,
  wholeFileProblem,
} from '#wire/network-file/read-network-file.ts';

const CANNOT_READ: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'the file may not be read',
  EISDIR: 'this is a directory',
};

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

/** Reads no more than one byte above the limit, whatever the file is. */
const readLimited = async (path: string): Promise<Uint8Array> => {
  const file = await open(path);
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of file.createReadStream({ end: LARGEST_FILE_BYTES, autoClose: false })) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } finally {
    await file.close();
  }
};

/** Reads a network file from disk. A file that cannot be read is a problem like any other; other faults are thrown. */
export const loadNetworkFile = async (path: string): Promise<LoadedNetworkFile> => {
  const folder = dirname(resolve(path));
  try {
    return readNetworkFile(await readLimited(path), (directory) => resolve(folder, directory));
  } catch (error) {
    const known = CANNOT_READ[codeOf(error)];
    if (known !== undefined) return wholeFileProblem(known);
    throw error;
  }
};
