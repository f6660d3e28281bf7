/**
 * Standings of all carriers of one category in its repositories and directories. Work is done once for each profile (carriers
 * with equal facts), repository and pattern of excluding profiles, never for each directory and host.
 *
 * A repository is never published empty while somebody serves a state of it that the master once had: when no carrier holds an
 * accepted head, the newest earlier head that some carrier holds stays accepted, and its carriers are alternates. Naming the
 * stale hosts without the head would not help: dnf compares the digest and would try each of them in vain. When nobody holds any
 * head that a scan has seen, the repository is published without hosts, and clients are told so at once.
 *
 * After a push, and until the first mirror has it, the head that mirrors hold stays the first one published, and the master's new
 * head is accepted beside it. Were the new head first, each dnf that refreshes would load all metadata again to find what it has
 * (it revives its cache only for the first digest), and wget2, which knows no alternates, would load the older file without end.
 */
import type { Facts } from '../crawl/observation.ts';
import { acceptedHeads } from '../freshness/accepted-heads.ts';
import type { Coverage } from '../freshness/coverage.ts';
import { coveredStanding, looseStanding, repositoryStanding, type Standing } from '../freshness/standing.ts';
import type { AlternatesPolicy, EpochMs } from '../inventory/inventory.ts';
import type { DirectoryId, Generation, Head, ManifestDirectory } from '../master/manifest.ts';
import type { StandingsTable } from './standings-table.ts';

/** Carriers that stand alike everywhere. */
export interface Profile {
  /** Indexes into the snapshot's carriers, ascending. */
  readonly carriers: readonly number[];
  readonly alwaysCurrent: boolean;
  readonly facts: Facts | undefined;
  readonly looseGeneration: Generation | undefined;
}

export interface RepositoryStandings {
  readonly heads: readonly Head[];
  readonly standings: number;
}

export interface CategoryStandings {
  /** By head path. */
  readonly repositories: ReadonlyMap<string, RepositoryStandings>;
  directory(directory: ManifestDirectory): number;
}

interface TreeStandings {
  readonly byProfile: readonly Standing[];
  readonly published: RepositoryStandings;
  readonly headChangedIn: Generation;
}

const seenHead = (profile: Profile, headPath: string) =>
  profile.facts !== undefined && Object.hasOwn(profile.facts.heads, headPath) ? profile.facts.heads[headPath] : undefined;

const standIn = (profile: Profile, headPath: string, heads: readonly Head[]): Standing => {
  if (profile.alwaysCurrent) return 'current';
  return repositoryStanding(
    seenHead(profile, headPath),
    heads.map(({ hashes }) => hashes.sha256),
  );
};

/** The newest head that somebody holds, accepted or not. */
const newestHeldHead = (heads: readonly Head[], profiles: readonly Profile[], headPath: string): Head | undefined => {
  const held = new Set(
    profiles.map((profile) => seenHead(profile, headPath)).flatMap((seen) => (seen?.kind === 'digest' ? seen.sha256 : [])),
  );
  return heads.find(({ hashes }) => held.has(hashes.sha256));
};

const excludersOf = (profiles: readonly Profile[]): ReadonlyMap<DirectoryId, readonly number[]> => {
  const excluders = new Map<DirectoryId, number[]>();
  for (const [index, { facts, alwaysCurrent }] of profiles.entries()) {
    for (const id of alwaysCurrent ? [] : (facts?.excluded ?? [])) {
      const known = excluders.get(id);
      if (known === undefined) excluders.set(id, [index]);
      else known.push(index);
    }
  }
  return excluders;
};

export const categoryStandings = (
  coverage: Coverage,
  policy: AlternatesPolicy,
  profiles: readonly Profile[],
  table: StandingsTable,
  nowMs: EpochMs,
): CategoryStandings => {
  const carriers = profiles.map((profile) => profile.carriers);

  const trees = coverage.trees.map(({ headPath, record, headChangedIn }): TreeStandings => {
    const accepted = acceptedHeads(record.heads, policy, nowMs);
    const strict = profiles.map((profile) => standIn(profile, headPath, accepted));
    const held = strict.includes('current') ? undefined : newestHeldHead(record.heads, profiles, headPath);
    const isKept = held !== undefined && !accepted.includes(held);
    const byProfile = isKept ? profiles.map((profile) => standIn(profile, headPath, [...accepted, held])) : strict;
    const heads = held === undefined ? accepted : [held, ...accepted.filter((head) => head !== held)];
    return { byProfile, published: { heads, standings: table.index(carriers, byProfile) }, headChangedIn };
  });

  const excluders = excludersOf(profiles);
  const generations = [...new Set(profiles.flatMap(({ looseGeneration }) => looseGeneration ?? []))].sort((a, b) => a - b);
  const known = new Map<string, number>();

  const covered = (tree: TreeStandings, excluding: readonly number[], changedIn: Generation): number => {
    const excluded = new Set(excluding);
    const order = { changedIn, headChangedIn: tree.headChangedIn };
    return table.index(
      carriers,
      tree.byProfile.map((standing, index) => coveredStanding(standing, excluded.has(index), order)),
    );
  };

  const loose = (excluding: readonly number[], changedIn: Generation): number => {
    const excluded = new Set(excluding);
    return table.index(
      carriers,
      profiles.map(({ alwaysCurrent, looseGeneration }, index) =>
        alwaysCurrent ? 'current' : looseStanding(excluded.has(index), changedIn, looseGeneration),
      ),
    );
  };

  const directory = ({ id, changedIn }: ManifestDirectory): number => {
    const treeIndex = coverage.treeOf.get(id);
    const tree = treeIndex === undefined ? undefined : trees[treeIndex];
    const excluding = excluders.get(id) ?? [];
    if (tree !== undefined && excluding.length === 0) return tree.published.standings;
    // Only what decides is in the key: whose change it is, or which profiles were compared since.
    const moment =
      tree === undefined ? generations.filter((compared) => compared < changedIn).length : changedIn < tree.headChangedIn;
    const key = `${treeIndex}|${moment}|${excluding}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const index = tree === undefined ? loose(excluding, changedIn) : covered(tree, excluding, changedIn);
    known.set(key, index);
    return index;
  };

  return {
    repositories: new Map(
      coverage.trees.map(({ headPath }, index) => [headPath, trees[index]?.published ?? { heads: [], standings: 0 }]),
    ),
    directory,
  };
};
