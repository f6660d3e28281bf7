/**
 * Facts from a claim. Heads that a host names are taken as if they had been read, and prove their repositories' directories by the
 * same rule as a crawl's. A listed directory counts as held with everything in it, as MirrorManager2 takes it: so a head file in a
 * listed directory is the newest that the manifest knows, and one in a directory that is not listed is absent. Names that the manifest
 * does not know are passed over: a client may list what the master hides, or be ahead of our scan. A claim of which nothing is known
 * says nothing: a wrong path in report_mirror's configuration lists no directory, and in MirrorManager2 that wipes the category.
 */
import type { Facts, HeadSeen } from '../crawl/observation.ts';
import { type Coverage, parentPath } from '../freshness/coverage.ts';
import { type ComparedFacts, nextFacts } from '../freshness/facts.ts';
import type { Manifest } from '../master/manifest.ts';
import type { CheckInClaim } from './check-in.ts';

/** What a claim is compared with: the present manifest, or an earlier one that the claim names. */
export interface ClaimedMaster {
  readonly manifest: Manifest;
  readonly coverage: Coverage;
}

/** How many directories became what, in the words of report_mirror's reply. */
export interface DirectoryCounts {
  readonly updated: number;
  readonly added: number;
  readonly deleted: number;
}

const factsOfManifest = ({ manifest, coverage }: ClaimedMaster): Facts => ({
  category: manifest.category,
  heads: Object.fromEntries(
    coverage.trees.map(({ headPath, newest }): [string, HeadSeen] => [headPath, { kind: 'digest', sha256: newest }]),
  ),
  excluded: [],
});

const factsOfDirectories = ({ manifest, coverage }: ClaimedMaster, paths: ReadonlySet<string>): Facts => {
  const seenAt = (headPath: string, newest: string): HeadSeen =>
    paths.has(parentPath(headPath)) ? { kind: 'digest', sha256: newest } : { kind: 'absent' };
  return {
    category: manifest.category,
    heads: Object.fromEntries(coverage.trees.map(({ headPath, newest }) => [headPath, seenAt(headPath, newest)])),
    excluded: manifest.directories
      .filter(({ path }) => !paths.has(path))
      .map(({ id }) => id)
      .sort((a, b) => a - b),
  };
};

/** The facts that follow from a claim and what was compared before it; undefined when it says nothing that is known. */
export const claimedFacts = (
  master: ClaimedMaster,
  claim: CheckInClaim,
): ((before: ComparedFacts | undefined) => Facts) | undefined => {
  const { manifest, coverage } = master;
  switch (claim.kind) {
    case 'synced':
      return undefined;
    case 'manifest':
      return () => factsOfManifest(master);
    case 'heads': {
      const heads = new Map<string, HeadSeen>();
      for (const { headPath } of coverage.trees) {
        const sha256 = claim.heads.get(headPath);
        if (sha256 !== undefined) heads.set(headPath, { kind: 'digest', sha256 });
      }
      return heads.size === 0 ? undefined : (before) => nextFacts(manifest, coverage, before, { heads, directories: new Map() });
    }
    case 'directories':
      return manifest.directories.some(({ path }) => claim.paths.has(path))
        ? () => factsOfDirectories(master, claim.paths)
        : undefined;
  }
};

/** Directories that the host held before and holds now; before the first check-in it held none. */
export const countDirectories = (
  { manifest }: ClaimedMaster,
  before: ComparedFacts | undefined,
  after: Facts,
): DirectoryCounts => {
  const [lacked, lacks] = [new Set(before?.facts.excluded), new Set(after.excluded)];
  let [updated, added, deleted] = [0, 0, 0];
  for (const { id } of manifest.directories) {
    const held = before !== undefined && !lacked.has(id);
    if (lacks.has(id)) deleted += held ? 1 : 0;
    else if (held) updated += 1;
    else added += 1;
  }
  return { updated, added, deleted };
};
