/**
 * What is published and how old it is, for people and for monitors: the snapshot's name and age, and for every category how many
 * hosts are in which state and between which ages the evidence for it lies.
 */
import type { EpochMs } from '../inventory/inventory.ts';
import type { CarrierState, SnapshotPointer } from '../snapshot/document.ts';
import type { SnapshotCounts, SnapshotView } from '../snapshot/view.ts';

export interface CategoryStatus {
  readonly category: string;
  readonly hosts: Readonly<Partial<Record<CarrierState, number>>>;
  /** Of the evidence for serving hosts, in seconds; `undefined` when there is none. */
  readonly newestEvidenceSeconds: number | undefined;
  readonly oldestEvidenceSeconds: number | undefined;
}

export interface NetworkStatus {
  readonly network: string;
  readonly snapshot: string;
  readonly sequence: number;
  readonly publishedMs: EpochMs;
  readonly ageSeconds: number;
  /** When this process last saw that nothing newer is published. */
  readonly confirmedSeconds: number | undefined;
  readonly counts: SnapshotCounts;
  readonly categories: readonly CategoryStatus[];
}

const seconds = (fromMs: EpochMs, toMs: EpochMs): number => Math.max(0, Math.round((toMs - fromMs) / 1000));

const categoryStatus = (view: SnapshotView, category: number, nowMs: EpochMs): CategoryStatus => {
  const hosts: Partial<Record<CarrierState, number>> = {};
  const ages: number[] = [];
  for (let index = 0; index < view.counts.carriers; index += 1) {
    const carrier = view.carrier(index);
    if (carrier.category !== category) continue;
    hosts[carrier.state] = (hosts[carrier.state] ?? 0) + 1;
    if (carrier.state === 'serving' && carrier.evidence !== undefined) ages.push(seconds(carrier.evidence.atMs, nowMs));
  }
  ages.sort((a, b) => a - b);
  return { category: view.category(category).id, hosts, newestEvidenceSeconds: ages[0], oldestEvidenceSeconds: ages.at(-1) };
};

export const networkStatus = (
  view: SnapshotView,
  pointer: SnapshotPointer,
  nowMs: EpochMs,
  confirmedMs: EpochMs | undefined,
): NetworkStatus => ({
  network: view.settings.network,
  snapshot: pointer.name,
  sequence: pointer.sequence,
  publishedMs: pointer.publishedMs,
  ageSeconds: seconds(pointer.publishedMs, nowMs),
  confirmedSeconds: confirmedMs === undefined ? undefined : seconds(confirmedMs, nowMs),
  counts: view.counts,
  categories: Array.from({ length: view.counts.categories }, (_, category) => categoryStatus(view, category, nowMs)),
});

const age = (value: number | undefined): string => (value === undefined ? 'unknown' : `${value} s`);

export const statusText = (status: NetworkStatus): string => {
  const { counts } = status;
  return [
    `network     ${status.network}`,
    `snapshot    ${status.snapshot}`,
    `sequence    ${status.sequence}`,
    `published   ${age(status.ageSeconds)} ago, confirmed ${age(status.confirmedSeconds)} ago`,
    `holds       ${counts.hosts} hosts, ${counts.repositories} repositories, ${counts.directories} directories`,
    ...status.categories.map(({ category, hosts, newestEvidenceSeconds, oldestEvidenceSeconds }) => {
      const states = Object.entries(hosts).map(([state, count]) => `${count} ${state}`);
      const evidence = `evidence ${age(newestEvidenceSeconds)} to ${age(oldestEvidenceSeconds)} old`;
      return `category    ${category}: ${states.join(', ') || 'no hosts'}; ${evidence}`;
    }),
    '',
  ].join('\n');
};
