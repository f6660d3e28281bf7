import { isUtf8 } from 'node:buffer';
import type { Stats } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import type { FileLister, ListedEntry, Listing, ListingOptions } from '#ports/file-lister.ts';
import { printable } from './printable.ts';

const REASON_LIMIT = 300;
const MAX_ENTRIES = 20_000_000;
/** lstat calls in flight; more only fills libuv's four threads' queue. */
const PARALLEL = 32;
const SLASH = Buffer.from('/');

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : 'error';

/** Names on disk are bytes; as everywhere in the system those that are no UTF-8 are read as Latin-1. */
const decodeName = (name: Buffer): string => name.toString(isUtf8(name) ? 'utf8' : 'latin1');

const kindOf = (stats: Stats): ListedEntry['kind'] => {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : 'other';
};

const entryOf = (path: string, stats: Stats): ListedEntry => ({
  path,
  kind: kindOf(stats),
  sizeBytes: stats.size,
  modifiedSeconds: Math.floor(stats.mtimeMs / 1_000),
  mode: stats.mode,
});

interface Place {
  /** Names are kept as bytes, since decoding Latin-1 cannot be undone without knowing that it happened. */
  readonly bytes: Buffer;
  readonly path: string;
}

const inside = (place: Place, name: Buffer): Place => ({
  bytes: Buffer.concat([place.bytes, SLASH, name]),
  path: place.path === '' ? decodeName(name) : `${place.path}/${decodeName(name)}`,
});

interface Walk {
  readonly onEntry: (entry: ListedEntry) => void;
  readonly maxEntries: number;
  readonly signal: AbortSignal | undefined;
  entries: number;
  /** The first thing that could not be read. */
  trouble: string | undefined;
}

const note = (walk: Walk, place: Place, error: unknown): void => {
  walk.trouble ??= printable(`${codeOf(error)} at ${place.path === '' ? '.' : place.path}`, REASON_LIMIT);
};

/** `undefined` for what vanished between the two calls: it is simply not there any more. */
const look = async (walk: Walk, place: Place): Promise<Stats | undefined> => {
  try {
    return await lstat(place.bytes);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') note(walk, place, error);
    return undefined;
  }
};

const namesIn = async (walk: Walk, place: Place): Promise<readonly Buffer[]> => {
  try {
    return await readdir(place.bytes, { encoding: 'buffer' });
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') note(walk, place, error);
    return [];
  }
};

const ended = (walk: Walk): boolean => walk.signal?.aborted === true || walk.entries > walk.maxEntries;

/** Hands over what a directory holds and returns the directories in it. Links are named and never followed, so none can loop. */
const visit = async (walk: Walk, place: Place): Promise<Place[]> => {
  const names = await namesIn(walk, place);
  const deeper: Place[] = [];
  for (let from = 0; from < names.length && !ended(walk); from += PARALLEL) {
    const places = names.slice(from, from + PARALLEL).map((name) => inside(place, name));
    const stats = await Promise.all(places.map((one) => look(walk, one)));
    for (const [index, one] of places.entries()) {
      const found = stats[index];
      if (found === undefined) continue;
      walk.entries += 1;
      walk.onEntry(entryOf(one.path, found));
      if (found.isDirectory()) deeper.push(one);
    }
  }
  return deeper;
};

const outcome = (walk: Walk): Listing => {
  const received = { entries: walk.entries, bytesReceived: 0 };
  if (walk.signal?.aborted === true) return { kind: 'stopped', ...received };
  if (walk.entries > walk.maxEntries) {
    return { kind: 'broken', cause: 'size', reason: `more than ${walk.maxEntries} entries`, ...received };
  }
  return walk.trouble === undefined ? { kind: 'complete', ...received } : { kind: 'partial', reason: walk.trouble, ...received };
};

const list = async (root: string, onEntry: (entry: ListedEntry) => void, options: ListingOptions = {}): Promise<Listing> => {
  const top = { bytes: Buffer.from(root), path: '' };
  const walk: Walk = {
    onEntry,
    maxEntries: options.limits?.maxEntries ?? MAX_ENTRIES,
    signal: options.signal,
    entries: 1,
    trouble: undefined,
  };
  let stats: Stats;
  try {
    // The root itself may be a link: that is how masters are moved between disks.
    stats = await stat(root);
  } catch (error) {
    return {
      kind: 'refused',
      cause: 'no-such-path',
      reason: printable(`${codeOf(error)} at ${root}`, REASON_LIMIT),
      temporary: false,
    };
  }
  if (!stats.isDirectory()) {
    return {
      kind: 'refused',
      cause: 'no-such-path',
      reason: printable(`${root} is no directory`, REASON_LIMIT),
      temporary: false,
    };
  }
  onEntry(entryOf('', stats));
  const waiting: Place[] = [top];
  for (let place = waiting.pop(); place !== undefined && !ended(walk); place = waiting.pop()) {
    waiting.push(...(await visit(walk, place)));
  }
  return outcome(walk);
};

/** Lists a directory of this machine; where other listers take a URL, this one takes its path. Excludes are not applied. */
export const directoryLister = (): FileLister => ({ list });
