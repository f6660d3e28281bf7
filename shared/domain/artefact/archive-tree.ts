/**
 * The tree that an archive would make, entry by entry, so that each can be refused before it is written. Nothing is ever written
 * through a link of the archive: what lies above an entry must be real folders. Nothing comes twice, but folders: a second entry
 * could put a file, or another link, where a checked one was. Links are followed once all entries are known, since a later one may
 * give an earlier one its meaning: none may lead out of the tree, on any way through the others. Entries and bytes are counted,
 * for archives that are small and unpack to much (zip bombs).
 */
import { entryPath } from './entry-path.ts';

export type EntryKind = 'file' | 'folder' | 'symlink' | 'hardlink' | 'device' | 'fifo' | 'unknown';

export interface ArchiveEntry {
  readonly kind: EntryKind;
  readonly path: string;
  readonly sizeBytes: number;
  /** Of links; empty for others. */
  readonly target: string;
}

export interface ArchiveLimits {
  readonly entries: number;
  readonly bytes: number;
}

export type Admission =
  | { readonly kind: 'admitted'; readonly segments: readonly string[]; readonly targetSegments: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: string };

export interface ArchiveTree {
  /** May this entry be written? If so, it is part of the tree from now on. */
  readonly admit: (entry: ArchiveEntry) => Admission;
  /** After the last entry: a link that leads out, or undefined. */
  readonly escape: () => string | undefined;
  readonly entries: () => number;
  readonly bytes: () => number;
}

type Node = { readonly kind: 'file' } | { readonly kind: 'folder' } | { readonly kind: 'symlink'; readonly target: string };

/** SYMLOOP_MAX of Linux. */
const MOST_LINKS_FOLLOWED = 40;
const LONGEST_TARGET_CHARACTERS = 3_000;

const refused = (reason: string): Admission => ({ kind: 'refused', reason });
const keyOf = (segments: readonly string[]): string => segments.join('/');

/** `reserved` are names directly in the folder that the archive may not have. */
export function archiveTree(limits: ArchiveLimits, reserved: readonly string[]): ArchiveTree {
  const nodes = new Map<string, Node>();
  let entries = 0;
  let bytes = 0;

  const admit = (entry: ArchiveEntry): Admission => {
    entries += 1;
    bytes += entry.sizeBytes;
    if (entries > limits.entries) return refused(`there are more than ${limits.entries} entries`);
    if (bytes > limits.bytes) return refused(`it unpacks to more than ${limits.bytes} bytes`);
    const path = entryPath(entry.path);
    if (path.kind === 'refused') return path;
    const problem = placeProblem(nodes, path.segments, entry.kind, reserved);
    if (problem !== undefined) return refused(problem);
    return place(nodes, path.segments, entry);
  };
  return { admit, escape: () => findEscape(nodes), entries: () => entries, bytes: () => bytes };
}

function placeProblem(
  nodes: ReadonlyMap<string, Node>,
  segments: readonly string[],
  kind: EntryKind,
  reserved: readonly string[],
): string | undefined {
  if (kind === 'device' || kind === 'fifo' || kind === 'unknown') return `an entry is ${NOT_ALLOWED[kind]}`;
  const [first] = segments;
  if (first === undefined) return kind === 'folder' ? undefined : 'an entry replaces the folder itself';
  if (reserved.includes(first)) return `the name ${first} is taken`;
  for (let length = 1; length < segments.length; length += 1) {
    const above = nodes.get(keyOf(segments.slice(0, length)));
    if (above !== undefined && above.kind !== 'folder') return `a path goes through a ${above.kind}`;
  }
  const present = nodes.get(keyOf(segments));
  if (present === undefined || (present.kind === 'folder' && kind === 'folder')) return undefined;
  return `an entry comes twice, as a ${present.kind} and as a ${kind}`;
}

const NOT_ALLOWED = { device: 'a device', fifo: 'a named pipe', unknown: 'of a kind that is not unpacked' } as const;

function place(nodes: Map<string, Node>, segments: readonly string[], entry: ArchiveEntry): Admission {
  if (entry.kind === 'hardlink') return placeHardlink(nodes, segments, entry.target);
  if (entry.kind === 'symlink') {
    const problem = targetProblem(entry.target);
    if (problem !== undefined) return refused(problem);
  }
  for (let length = 1; length < segments.length; length += 1) nodes.set(keyOf(segments.slice(0, length)), { kind: 'folder' });
  if (segments.length > 0) nodes.set(keyOf(segments), nodeOf(entry));
  return { kind: 'admitted', segments, targetSegments: [] };
}

function nodeOf(entry: ArchiveEntry): Node {
  if (entry.kind === 'symlink') return { kind: 'symlink', target: entry.target };
  return { kind: entry.kind === 'folder' ? 'folder' : 'file' };
}

/** A second name for a file that is in the archive; a symlink's second name would be resolved from another place. */
function placeHardlink(nodes: Map<string, Node>, segments: readonly string[], target: string): Admission {
  const path = entryPath(target);
  if (path.kind === 'refused') return refused(`a hard link's target: ${path.reason}`);
  if (nodes.get(keyOf(path.segments))?.kind !== 'file')
    return refused('a hard link leads to something that is no file before it');
  for (let length = 1; length < segments.length; length += 1) nodes.set(keyOf(segments.slice(0, length)), { kind: 'folder' });
  nodes.set(keyOf(segments), { kind: 'file' });
  return { kind: 'admitted', segments, targetSegments: path.segments };
}

function targetProblem(target: string): string | undefined {
  if (target === '') return 'a link has no target';
  if (target.includes('\0')) return 'a link has a NUL in its target';
  if (target.length > LONGEST_TARGET_CHARACTERS) return 'the target of a link is too long';
  return target.startsWith('/') ? 'a link leads to an absolute path' : undefined;
}

function findEscape(nodes: ReadonlyMap<string, Node>): string | undefined {
  for (const [path, node] of nodes)
    if (node.kind === 'symlink' && !staysInside(nodes, path.split('/').slice(0, -1), node.target)) return path;
  return undefined;
}

/** Walks as the kernel does; what is not there counts as a folder, since it may be made later. */
function staysInside(nodes: ReadonlyMap<string, Node>, from: readonly string[], target: string): boolean {
  const at = [...from];
  const left = target.split('/');
  for (let followed = 0; left.length > 0; ) {
    const segment = left.shift() ?? '';
    if (segment === '' || segment === '.') continue;
    if (segment === '..') {
      if (at.pop() === undefined) return false;
      continue;
    }
    const node = nodes.get(keyOf([...at, segment]));
    if (node?.kind !== 'symlink') at.push(segment);
    else if (++followed > MOST_LINKS_FOLLOWED) return true;
    else left.unshift(...node.target.split('/'));
  }
  return true;
}
