/**
 * Decides whether a snapshot may replace the published one. An empty one never may, and neither may one that lost a larger share
 * of its directories, repositories, repositories with hosts, or listed hosts than the policy allows: such a loss is far more
 * often a fault of ours (no network, a wrong list from the master) than the truth, and the old snapshot stays useful meanwhile.
 * A few may always go, because in a network of four mirrors one is a quarter. What was really meant is published by an operator's
 * order that names its reason.
 */
import type { GuardPolicy } from '../inventory/inventory.ts';
import type { SnapshotDocument } from './document.ts';

export interface SnapshotSummary {
  readonly directories: number;
  readonly repositories: number;
  /** Repositories with at least one host that may be offered. */
  readonly servedRepositories: number;
  /** Hosts that serve at least one category. */
  readonly listedHosts: number;
}

export type GuardVerdict = { readonly kind: 'accepted' } | { readonly kind: 'refused'; readonly reasons: readonly string[] };

/** Losses that are never sharp, whatever their share. */
const ALWAYS_ALLOWED: SnapshotSummary = { directories: 10, repositories: 10, servedRepositories: 3, listedHosts: 3 };

const NAMES: Readonly<Record<keyof SnapshotSummary, string>> = {
  directories: 'directories',
  repositories: 'repositories',
  servedRepositories: 'repositories with hosts',
  listedHosts: 'listed hosts',
};

const MEASURES = ['directories', 'repositories', 'servedRepositories', 'listedHosts'] as const;

export const summarizeSnapshot = (document: SnapshotDocument): SnapshotSummary => ({
  directories: document.directories.length,
  repositories: document.repositories.length,
  servedRepositories: document.repositories.filter(({ standings }) => {
    const entry = document.standings[standings];
    return entry !== undefined && entry.current.length + entry.alternate.length > 0;
  }).length,
  listedHosts: new Set(document.carriers.filter(({ state }) => state === 'serving').map(({ host }) => host)).size,
});

const emptiness = (next: SnapshotSummary): readonly string[] => [
  ...(next.directories + next.repositories === 0 ? ['it holds neither directories nor repositories'] : []),
  ...(next.listedHosts === 0 ? ['no host is listed'] : []),
];

/** `previous`: of the published snapshot, `undefined` before the first. */
export const guardSnapshot = (
  previous: SnapshotSummary | undefined,
  next: SnapshotSummary,
  policy: GuardPolicy,
): GuardVerdict => {
  const shrunk = MEASURES.flatMap((measure) => {
    const [before, after] = [previous?.[measure] ?? 0, next[measure]];
    const lost = before - after;
    const sharp = lost > ALWAYS_ALLOWED[measure] && lost > before * policy.maximumShrinkShare;
    const gone = before > 0 && after === 0;
    return sharp || gone ? [`${NAMES[measure]} went from ${before} to ${after}`] : [];
  });
  const reasons = [...emptiness(next), ...shrunk];
  return reasons.length === 0 ? { kind: 'accepted' } : { kind: 'refused', reasons };
};
