/**
 * Where a tree is cut into shards. A cut depends on the paths near it and on nothing before them, so that a change somewhere
 * leaves every other shard as it was, byte for byte, and a publisher sends only the few that differ. (The idea is that of
 * content-defined chunks: rsync's and casync's, over entries instead of bytes.) On average a shard has a thousand entries; the
 * ceilings are for trees in which no path happens to end one.
 */
import { hashText } from '../selection/hash.ts';

const AVERAGE_ENTRIES = 1_024;
export const MOST_SHARD_ENTRIES = 4_096;
/** A shard ends with the entry that reaches this, so it is longer by less than one line. */
export const SHARD_BYTES = 1_048_576;

/** Whether the entry with this path is the last of its shard, which has so many entries and bytes including it. */
export const endsShard = (path: string, entries: number, bytes: number): boolean =>
  entries >= MOST_SHARD_ENTRIES || bytes >= SHARD_BYTES || hashText(path) % AVERAGE_ENTRIES === 0;
