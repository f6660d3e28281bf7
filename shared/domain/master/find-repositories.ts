/**
 * Finds the repositories of a listing. A directory is a candidate when it holds a head: repodata/repomd.xml below it (rpm),
 * InRelease or Release in it (apt; below dists/ only the topmost counts, since Debian writes a Release file per architecture too),
 * or a checksum list (plain files). The category's rules name candidates; the kind a rule claims must be the kind that is there.
 * Two directories for one repository and architecture cannot both be offered: the one that had the name keeps it, so that a copy
 * never takes a name over silently; among newcomers the first path in code unit order wins. MirrorManager2: first directory wins.
 */
import type { RepositoryType } from '../inventory/inventory.ts';
import { APT_HEADS, FILES_HEADS, headNames, RPM_HEAD } from './head-names.ts';
import type { Manifest } from './manifest.ts';
import type { ListedFile } from './master-entry.ts';
import { type CompiledRules, matchRepository } from './match-repository.ts';

export interface RepositoryCandidate {
  readonly repo: string;
  /** `''`: every architecture the Release file lists. */
  readonly arch: string;
  readonly type: RepositoryType;
  readonly directory: string;
  readonly headPath: string;
  readonly listed: ListedFile;
}

export type RepositoryProblem =
  /** No rule names this directory. */
  | { readonly kind: 'unmatched'; readonly directory: string }
  /** The rule's type has no head file here. */
  | { readonly kind: 'other-type'; readonly directory: string; readonly type: RepositoryType }
  /** The name is taken by another directory. */
  | {
      readonly kind: 'duplicate';
      readonly directory: string;
      readonly repo: string;
      readonly arch: string;
      readonly keptBy: string;
    };

export interface FoundRepositories {
  /** Sorted by repo, arch. */
  readonly candidates: readonly RepositoryCandidate[];
  readonly problems: readonly RepositoryProblem[];
}

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
const join = (directory: string, name: string): string => (directory === '' ? name : `${directory}/${name}`);
const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
const stripEnd = (path: string, end: string): string | undefined => {
  if (path === end) return '';
  return path.endsWith(`/${end}`) ? path.slice(0, -end.length - 1) : undefined;
};

const belowDists = (directory: string): boolean => directory.startsWith('dists/') || directory.includes('/dists/');

/** `dists/sid/main/binary-amd64` lies below `dists/sid`, which is the suite. */
const hasSuiteAbove = (directory: string, withRelease: ReadonlySet<string>): boolean => {
  for (let above = parentOf(directory); belowDists(above); above = parentOf(above)) if (withRelease.has(above)) return true;
  return false;
};

const candidateDirectories = (headFiles: ReadonlyMap<string, ListedFile>): string[] => {
  const withRelease = new Set<string>();
  const others = new Set<string>();
  for (const path of headFiles.keys()) {
    const rpm = stripEnd(path, RPM_HEAD);
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (rpm !== undefined) others.add(rpm);
    else if ((APT_HEADS as readonly string[]).includes(name)) withRelease.add(parentOf(path));
    else if ((FILES_HEADS as readonly string[]).includes(name)) others.add(parentOf(path));
  }
  const suites = [...withRelease].filter((directory) => !hasSuiteAbove(directory, withRelease));
  return [...new Set([...others, ...suites])].sort(compare);
};

type Incumbents = ReadonlyMap<string, ReadonlySet<string>>;

const keyOf = (repo: string, arch: string): string => `${repo}\n${arch}`;

/** Head directories that hold a name now. An apt suite with all its architectures holds the empty one as well. */
const incumbentsOf = (previous: Manifest | undefined): Incumbents => {
  const found = new Map<string, Set<string>>();
  const note = (key: string, headPath: string): void => {
    const held = found.get(key) ?? new Set();
    found.set(key, held.add(headPath));
  };
  for (const { repo, arch, type, headPath } of previous?.repositories ?? []) {
    note(keyOf(repo, arch), headPath);
    if (type === 'apt') note(keyOf(repo, ''), headPath);
  }
  return found;
};

const settle = (
  rivals: readonly RepositoryCandidate[],
  incumbents: Incumbents,
): { winner: RepositoryCandidate | undefined; losers: readonly RepositoryCandidate[] } => {
  const first = rivals[0];
  const held = first === undefined ? undefined : incumbents.get(keyOf(first.repo, first.arch));
  // Rivals come in path order.
  const winner = rivals.find((rival) => held?.has(rival.headPath)) ?? first;
  return { winner, losers: rivals.filter((rival) => rival !== winner) };
};

const settleNames = (named: readonly RepositoryCandidate[], previous: Manifest | undefined): FoundRepositories => {
  const incumbents = incumbentsOf(previous);
  const candidates: RepositoryCandidate[] = [];
  const problems: RepositoryProblem[] = [];
  for (const rivals of Map.groupBy(named, ({ repo, arch }) => keyOf(repo, arch)).values()) {
    const { winner, losers } = settle(rivals, incumbents);
    if (winner === undefined) continue;
    candidates.push(winner);
    for (const { repo, arch, headPath } of losers) {
      problems.push({ kind: 'duplicate', directory: parentOf(headPath), repo, arch, keptBy: parentOf(winner.headPath) });
    }
  }
  candidates.sort((left, right) => compare(left.repo, right.repo) || compare(left.arch, right.arch));
  return { candidates, problems };
};

export const findRepositories = (
  headFiles: ReadonlyMap<string, ListedFile>,
  rules: CompiledRules,
  previous: Manifest | undefined,
): FoundRepositories => {
  const named: RepositoryCandidate[] = [];
  const problems: RepositoryProblem[] = [];
  for (const directory of candidateDirectories(headFiles)) {
    const match = matchRepository(rules, directory);
    if (match.kind === 'ignored') continue;
    if (match.kind === 'unmatched') {
      problems.push({ kind: 'unmatched', directory });
      continue;
    }
    const headPath = headNames(match.type)
      .map((name) => join(directory, name))
      .find((path) => headFiles.has(path));
    const listed = headPath === undefined ? undefined : headFiles.get(headPath);
    if (headPath === undefined || listed === undefined) problems.push({ kind: 'other-type', directory, type: match.type });
    else named.push({ repo: match.repo, arch: match.arch, type: match.type, directory: match.directory, headPath, listed });
  }
  const settled = settleNames(named, previous);
  return { candidates: settled.candidates, problems: [...problems, ...settled.problems] };
};
