/**
 * Compares a mirror's whole listing with the manifest's samples while it streams by, in memory of the manifest's size and not of
 * the listing's. Presence and size of every sampled file decide; extra files and times do not count, and a symbolic link in place
 * of a file counts as present (mirrors link duplicates; MirrorManager2 accepts it too). Only a complete listing proves that
 * something is missing: from a partial one, directories that matched are proved and nothing is marked different.
 */
import { type Coverage, parentPath } from '../freshness/coverage.ts';
import type { DirectoryProof, HeadProof } from '../freshness/facts.ts';
import type { DirectoryId, Manifest, ManifestDirectory } from '../master/manifest.ts';

/** The part of a listed entry that comparing needs. */
export interface SeenEntry {
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly sizeBytes: number;
  readonly modifiedSeconds: number;
}

interface HeadEntry {
  readonly sizeBytes: number;
  readonly modifiedSeconds: number;
}

export interface ListingComparison {
  add(entry: SeenEntry): void;
  /** Sampled files and listed directories that matched so far; 0 means the listing showed nothing of the category. */
  matched(): number;
  directories(complete: boolean): ReadonlyMap<DirectoryId, DirectoryProof>;
  /** For hosts that only speak rsync, see below. */
  heads(complete: boolean): ReadonlyMap<string, HeadProof>;
}

interface Progress {
  readonly directory: ManifestDirectory;
  /** One bit for each sampled file that matched. */
  matched: number;
  listed: boolean;
}

const wholeSample = (directory: ManifestDirectory): number => 2 ** Math.min(directory.sample.length, 31) - 1;

const isSame = ({ directory, matched, listed }: Progress): boolean =>
  directory.sample.length === 0 ? listed : matched === wholeSample(directory);

const matchFile = (progress: Progress, name: string, entry: SeenEntry): boolean => {
  const index = progress.directory.sample.findIndex((file) => file.name === name);
  const file = progress.directory.sample[index];
  if (file === undefined || index > 30 || (entry.kind === 'file' && entry.sizeBytes !== file.sizeBytes)) return false;
  progress.matched |= 1 << index;
  return true;
};

/**
 * A host that only speaks rsync shows no bytes of its heads. A head counts as the master's newest when the manifest sampled the
 * head file and the mirror's has the same size and time; one that is not in a complete listing is absent; anything else is
 * unproven. A mirror that forges times gets in this way and no further: clients check the digest themselves.
 */
const headProof = (
  manifestFile: HeadEntry | undefined,
  seen: HeadEntry | undefined,
  newest: string,
  complete: boolean,
): HeadProof | undefined => {
  if (seen === undefined) return complete ? { kind: 'absent' } : undefined;
  const equal = manifestFile?.sizeBytes === seen.sizeBytes && manifestFile.modifiedSeconds === seen.modifiedSeconds;
  return equal ? { kind: 'digest', sha256: newest } : { kind: 'unproven' };
};

export const compareListing = (manifest: Manifest, coverage: Coverage): ListingComparison => {
  const byPath = new Map<string, Progress>();
  for (const directory of manifest.directories) byPath.set(directory.path, { directory, matched: 0, listed: false });
  const headPaths = new Set(coverage.trees.map(({ headPath }) => headPath));
  const seenHeads = new Map<string, HeadEntry>();
  let matches = 0;

  const addFile = (entry: SeenEntry): void => {
    const parent = parentPath(entry.path);
    const progress = byPath.get(parent);
    const name = parent === '' ? entry.path : entry.path.slice(parent.length + 1);
    if (progress !== undefined && matchFile(progress, name, entry)) matches += 1;
    if (entry.kind === 'file' && headPaths.has(entry.path)) seenHeads.set(entry.path, entry);
  };

  return {
    add: (entry) => {
      if (entry.kind === 'file' || entry.kind === 'symlink') addFile(entry);
      if (entry.kind !== 'directory') return;
      const progress = byPath.get(entry.path);
      if (progress === undefined) return;
      progress.listed = true;
      // Every peer has a top; it proves nothing of what is in it.
      if (entry.path !== '') matches += 1;
    },
    matched: () => matches,
    directories: (complete) => {
      const proofs = new Map<DirectoryId, DirectoryProof>();
      for (const progress of byPath.values()) {
        const same = isSame(progress);
        // What the master hides is not in a mirror's listing, and need not be.
        if (same) proofs.set(progress.directory.id, 'same');
        else if (complete && progress.directory.readable) proofs.set(progress.directory.id, 'differs');
      }
      return proofs;
    },
    heads: (complete) => {
      const proofs = new Map<string, HeadProof>();
      for (const { headPath, newest } of coverage.trees) {
        const parent = parentPath(headPath);
        const name = parent === '' ? headPath : headPath.slice(parent.length + 1);
        const file = byPath.get(parent)?.directory.sample.find((sampled) => sampled.name === name);
        const proof = headProof(file, seenHeads.get(headPath), newest, complete);
        if (proof !== undefined) proofs.set(headPath, proof);
      }
      return proofs;
    },
  };
};
