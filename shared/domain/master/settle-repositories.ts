/**
 * Decides which heads a scan must read, and makes the repositories of the next manifest from what was read. Only heads that may
 * have changed are read: those in a directory whose files changed, those never read, and those so young at the last scan that a
 * second change within the clock's second would not show in the listing (git calls such entries racily clean). A head that could
 * not be read, or that does not belong to the listing, is held back: its repository and the directory it lies in stay as the
 * previous manifest has them, so that the next scan sees the difference again and tries again. A repository that was never read
 * is left out until its head can be.
 */
import type { AlternatesPolicy, EpochMs } from '../inventory/inventory.ts';
import { ageHeads } from './age-heads.ts';
import type { CollectedDirectory } from './collect-directories.ts';
import type { RepositoryCandidate } from './find-repositories.ts';
import type { Head, Manifest, RepositoryRecord } from './manifest.ts';

export type HeadOutcome =
  | {
      readonly kind: 'head';
      readonly head: Omit<Head, 'firstSeenMs'>;
      /** What a Release file lists; empty for other heads. */
      readonly architectures: readonly string[];
    }
  | { readonly kind: 'held'; readonly reason: string };

export interface HeldBack {
  readonly headPath: string;
  readonly reason: string;
}

export interface SettledRepositories {
  /** Sorted by repo, then arch. */
  readonly repositories: readonly RepositoryRecord[];
  readonly directories: readonly CollectedDirectory[];
  readonly heldBack: readonly HeldBack[];
}

/** The clocks of master and scan may differ by this. */
const RACY_MS = 5_000;

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

type ByHeadPath = ReadonlyMap<string, readonly RepositoryRecord[]>;

const recordsByHead = (previous: Manifest | undefined): ByHeadPath =>
  Map.groupBy(previous?.repositories ?? [], ({ headPath }) => headPath);

/** Records of the same head that the candidate's rule would make again; rules change, and then the head is read anew. */
const recordsOf = (candidate: RepositoryCandidate, byHead: ByHeadPath): readonly RepositoryRecord[] =>
  (byHead.get(candidate.headPath) ?? []).filter(
    ({ repo, arch, type }) =>
      repo === candidate.repo && type === candidate.type && (candidate.arch === '' || candidate.arch === arch),
  );

/** Head paths to read, in order, each once. */
export const headsToRead = (
  candidates: readonly RepositoryCandidate[],
  directories: readonly CollectedDirectory[],
  digests: ReadonlyMap<string, string>,
  previous: Manifest | undefined,
  previousScanMs: EpochMs,
): readonly string[] => {
  const byHead = recordsByHead(previous);
  const before = new Map(previous?.directories.map(({ path, fingerprint }) => [path, fingerprint]));
  const now = new Map(directories.map(({ path, fingerprint }) => [path, fingerprint]));
  const mustRead = (candidate: RepositoryCandidate): boolean => {
    const [record] = recordsOf(candidate, byHead);
    if (record === undefined) return true;
    const digest = digests.get(candidate.headPath);
    if (digest !== undefined) return digest !== record.heads[0]?.hashes.sha256;
    const holder = parentOf(candidate.headPath);
    return before.get(holder) !== now.get(holder) || candidate.listed.modifiedSeconds * 1_000 > previousScanMs - RACY_MS;
  };
  return [...new Set(candidates.filter(mustRead).map(({ headPath }) => headPath))].sort(compare);
};

const architecturesOf = (candidate: RepositoryCandidate, architectures: readonly string[]): readonly string[] =>
  // `all` is no machine: its packages are in every architecture's index.
  candidate.arch === '' ? [...new Set(architectures)].filter((arch) => arch !== 'all') : [candidate.arch];

const toRecords = (
  candidate: RepositoryCandidate,
  outcome: HeadOutcome | undefined,
  byHead: ByHeadPath,
  policy: AlternatesPolicy,
  nowMs: EpochMs,
): readonly RepositoryRecord[] => {
  const { repo, type, directory, headPath } = candidate;
  if (outcome?.kind !== 'head') return recordsOf(candidate, byHead).map((record) => ({ ...record, directory }));
  const history = byHead.get(headPath)?.[0]?.heads ?? [];
  const heads = ageHeads(history, { ...outcome.head, firstSeenMs: nowMs }, policy, nowMs);
  return architecturesOf(candidate, outcome.architectures).map((arch) => ({ repo, arch, type, directory, headPath, heads }));
};

/** Explicit names come first, so that a rule for one architecture is stronger than a Release file that lists it too. */
const withoutDuplicates = (records: readonly RepositoryRecord[]): RepositoryRecord[] => {
  const found = new Map<string, RepositoryRecord>();
  for (const record of records) {
    const key = `${record.repo}\n${record.arch}`;
    if (!found.has(key)) found.set(key, record);
  }
  return [...found.values()].sort((left, right) => compare(left.repo, right.repo) || compare(left.arch, right.arch));
};

/** A directory that is held back looks as it did before; a new one has no record, so its head is read again anyway. */
const holdBack = (
  directories: readonly CollectedDirectory[],
  held: ReadonlySet<string>,
  previous: Manifest | undefined,
): readonly CollectedDirectory[] => {
  if (held.size === 0) return directories;
  const before = new Map(
    previous?.directories.filter(({ path }) => held.has(path)).map((directory) => [directory.path, directory]),
  );
  return directories.map((directory) => {
    const old = held.has(directory.path) ? before.get(directory.path) : undefined;
    if (old === undefined) return directory;
    const { modifiedSeconds, fingerprint, sample } = old;
    return { ...directory, modifiedSeconds, fingerprint, sample };
  });
};

/** `read` holds the outcome of every head that `headsToRead` named. */
export const settleRepositories = (
  candidates: readonly RepositoryCandidate[],
  directories: readonly CollectedDirectory[],
  read: ReadonlyMap<string, HeadOutcome>,
  previous: Manifest | undefined,
  policy: AlternatesPolicy,
  nowMs: EpochMs,
): SettledRepositories => {
  const byHead = recordsByHead(previous);
  const ordered = [...candidates.filter(({ arch }) => arch !== ''), ...candidates.filter(({ arch }) => arch === '')];
  const repositories = withoutDuplicates(
    ordered.flatMap((candidate) => toRecords(candidate, read.get(candidate.headPath), byHead, policy, nowMs)),
  );
  const heldBack = [...read].flatMap(([headPath, outcome]) =>
    outcome.kind === 'held' ? [{ headPath, reason: outcome.reason }] : [],
  );
  const held = new Set(heldBack.map(({ headPath }) => parentOf(headPath)));
  return { repositories, directories: holdBack(directories, held, previous), heldBack };
};
