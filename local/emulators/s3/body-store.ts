import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Bodies as files named by random ids, in 256 folders. A key never becomes a part of a path.
 * A body is written whole before the index mentions it; a file the index does not know is litter from a crash and is swept at start.
 * No fsync: what is acknowledged survives a killed process, not a power cut.
 */
export interface BodyStore {
  /** Streams the chunks into a new body and answers its id; leaves nothing behind when the source throws. */
  write(chunks: AsyncIterable<Buffer>): Promise<string>;
  /** The file is opened before this returns, so a write that replaces the object cannot take the body away from its reader. */
  open(id: string, start: number, lengthBytes: number): Readable;
  remove(id: string): Promise<void>;
  /** Removes every body whose id is not among the given ones. */
  sweep(known: ReadonlySet<string>): void;
}

export function bodyStore(directory: string): BodyStore {
  mkdirSync(directory, { recursive: true });
  const shards = new Set<string>();
  const pathOf = (id: string): string => join(directory, id.slice(0, 2), id);

  function makeShard(shard: string): void {
    if (shards.has(shard)) return;
    mkdirSync(join(directory, shard), { recursive: true });
    shards.add(shard);
  }

  async function write(chunks: AsyncIterable<Buffer>): Promise<string> {
    const id = randomUUID();
    makeShard(id.slice(0, 2));
    try {
      await pipeline(chunks, createWriteStream(pathOf(id), { flags: 'wx' }));
    } catch (cause) {
      await rm(pathOf(id), { force: true });
      throw cause;
    }
    return id;
  }

  function open(id: string, start: number, lengthBytes: number): Readable {
    if (lengthBytes === 0) return Readable.from([]);
    const fd = openSync(pathOf(id), 'r');
    return createReadStream('', { fd, start, end: start + lengthBytes - 1, highWaterMark: 256 * 1024 });
  }

  function sweep(known: ReadonlySet<string>): void {
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      if (entry.isFile() && !known.has(entry.name)) rmSync(join(entry.parentPath, entry.name), { force: true });
    }
  }

  return {
    write,
    open,
    remove: (id) => rm(pathOf(id), { force: true }),
    sweep,
  };
}
