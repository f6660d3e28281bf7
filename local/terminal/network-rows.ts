import type { SnapshotCarrier } from '#domain/snapshot/document.ts';
import type { Indexes, SnapshotView, StandingsView } from '#domain/snapshot/view.ts';

export type Freshness = 'current' | 'alternate' | 'stale' | 'absent' | 'unproven';

/** One host in one category, as the published snapshot has it: what clients get is what is shown. */
export interface NetworkRow {
  readonly host: string;
  readonly country: string;
  readonly category: string;
  /** Protocols that answer. */
  readonly protocols: readonly string[];
  readonly state: SnapshotCarrier['state'];
  /** Share of the category's directories, 0 to 1, that the host is proved to hold as the master has them. */
  readonly currentShare: number;
  readonly repositories: Readonly<Record<Freshness, number>>;
  /** All of it in one or two words: `current`, `one state behind`, `partly`, `stale`, `absent`, `unproven`, or why it is out. */
  readonly standing: string;
  /** Offered to clients for at least one repository, or directory where there are no repositories. */
  readonly listed: boolean;
  /** Why not, or why not everywhere; empty when there is nothing to say. */
  readonly why: string;
}

const LISTED = new Set(['current', 'one state behind', 'partly']);
const FRESHNESS: readonly Freshness[] = ['current', 'alternate', 'stale', 'absent', 'unproven'];

function forEachIndex(indexes: Indexes, visit: (index: number) => void): void {
  for (let at = 0; at < indexes.length; at += 1) visit(indexes[at] ?? 0);
}

interface Tally {
  readonly repositories: Record<Freshness, number>;
  directories: number;
}

/** Counts per carrier. Directories share few distinct standings, so each of these is walked once. */
function tally(view: SnapshotView): { readonly tallies: readonly Tally[]; readonly directoriesOf: readonly number[] } {
  const tallies = Array.from(
    { length: view.counts.carriers },
    (): Tally => ({
      repositories: { current: 0, alternate: 0, stale: 0, absent: 0, unproven: 0 },
      directories: 0,
    }),
  );
  const directoriesOf = new Array<number>(view.counts.categories).fill(0);
  const uses = new Map<number, number>();
  for (let at = 0; at < view.counts.directories; at += 1) {
    const { category, standings } = view.directoryAt(at);
    directoriesOf[category] = (directoriesOf[category] ?? 0) + 1;
    uses.set(standings, (uses.get(standings) ?? 0) + 1);
  }
  for (const [standings, count] of uses) {
    forEachIndex(view.standings(standings).current, (carrier) => {
      const known = tallies[carrier];
      if (known !== undefined) known.directories += count;
    });
  }
  for (let at = 0; at < view.counts.repositories; at += 1) {
    const standings: StandingsView = view.standings(view.repositoryAt(at).standings);
    for (const freshness of FRESHNESS) {
      forEachIndex(standings[freshness], (carrier) => {
        const known = tallies[carrier];
        if (known !== undefined) known.repositories[freshness] += 1;
      });
    }
  }
  return { tallies, directoriesOf };
}

function standingOf(carrier: SnapshotCarrier, counts: Tally, allDirectories: number): string {
  if (carrier.state !== 'serving') return carrier.state.replaceAll('-', ' ');
  const { current, alternate, stale, absent } = counts.repositories;
  const all = FRESHNESS.reduce((sum, freshness) => sum + counts.repositories[freshness], 0);
  if (all === 0 && counts.directories < allDirectories) return counts.directories > 0 ? 'partly' : 'unproven';
  if (current === all) return 'current';
  if (current + alternate > 0) return current === 0 && alternate === all ? 'one state behind' : 'partly';
  if (stale > 0) return 'stale';
  return absent > 0 ? 'absent' : 'unproven';
}

/** What the standing does not say. */
function reason(carrier: SnapshotCarrier, counts: Tally, allDirectories: number): string {
  const evidence = carrier.evidence?.text ?? '';
  if (carrier.state !== 'serving') return evidence;
  const parts = (['alternate', 'stale', 'absent', 'unproven'] as const)
    .filter((freshness) => counts.repositories[freshness] > 0)
    .map((freshness) => `${counts.repositories[freshness]} ${freshness === 'alternate' ? 'one state behind' : freshness}`);
  const missing = allDirectories - counts.directories;
  if (parts.length > 0)
    return `repositories: ${parts.join(', ')}; ${missing} of ${allDirectories} directories differ or are unproved`;
  return missing > 0 ? `${missing} of ${allDirectories} directories differ or are unproved` : '';
}

/** Rows in the snapshot's own order of hosts. */
export function networkRows(view: SnapshotView): readonly NetworkRow[] {
  const { tallies, directoriesOf } = tally(view);
  return tallies.map((counts, index) => {
    const carrier = view.carrier(index);
    const host = view.host(carrier.host);
    const allDirectories = directoriesOf[carrier.category] ?? 0;
    const standing = standingOf(carrier, counts, allDirectories);
    return {
      host: host.id,
      country: host.country,
      category: view.category(carrier.category).id,
      protocols: carrier.urls.map(({ protocol }) => protocol),
      state: carrier.state,
      currentShare: allDirectories === 0 ? 0 : counts.directories / allDirectories,
      repositories: counts.repositories,
      standing,
      listed: LISTED.has(standing),
      why: reason(carrier, counts, allDirectories),
    };
  });
}
