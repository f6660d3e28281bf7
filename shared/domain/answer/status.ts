/**
 * What is published and how old it is, for people and for monitors: the snapshot's name and age, and for every category how many
 * hosts are in which state, between which ages the evidence for it lies, and who is away to synchronise.
 */
import type { EpochMs } from '../inventory/inventory.ts';
import type { CarrierState, SnapshotCarrier, SnapshotPointer } from '../snapshot/document.ts';
import type { SnapshotCounts, SnapshotView } from '../snapshot/view.ts';

/** A host that is away to synchronise; `text` says how far it is. */
export interface DrainedHost {
  readonly host: string;
  readonly sinceSeconds: number | undefined;
  readonly text: string;
}

export interface CategoryStatus {
  readonly category: string;
  readonly hosts: Readonly<Partial<Record<CarrierState, number>>>;
  /** Of the evidence for serving hosts, in seconds; `undefined` when there is none. */
  readonly newestEvidenceSeconds: number | undefined;
  readonly oldestEvidenceSeconds: number | undefined;
  readonly drained: readonly DrainedHost[];
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

const drainedHost = (view: SnapshotView, { host, evidence }: SnapshotCarrier, nowMs: EpochMs): DrainedHost => ({
  host: view.host(host).id,
  sinceSeconds: evidence === undefined ? undefined : seconds(evidence.atMs, nowMs),
  text: evidence?.text ?? '',
});

const categoryStatus = (view: SnapshotView, category: number, nowMs: EpochMs): CategoryStatus => {
  const hosts: Partial<Record<CarrierState, number>> = {};
  const ages: number[] = [];
  const drained: DrainedHost[] = [];
  for (let index = 0; index < view.counts.carriers; index += 1) {
    const carrier = view.carrier(index);
    if (carrier.category !== category) continue;
    hosts[carrier.state] = (hosts[carrier.state] ?? 0) + 1;
    if (carrier.state === 'drained') drained.push(drainedHost(view, carrier, nowMs));
    if (carrier.state === 'serving' && carrier.evidence !== undefined) ages.push(seconds(carrier.evidence.atMs, nowMs));
  }
  ages.sort((a, b) => a - b);
  const { id } = view.category(category);
  return { category: id, hosts, newestEvidenceSeconds: ages[0], oldestEvidenceSeconds: ages.at(-1), drained };
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
    ...status.categories.flatMap(({ category, hosts, newestEvidenceSeconds, oldestEvidenceSeconds, drained }) => {
      const states = Object.entries(hosts).map(([state, count]) => `${count} ${state}`);
      const evidence = `evidence ${age(newestEvidenceSeconds)} to ${age(oldestEvidenceSeconds)} old`;
      const away = drained.map(({ host, sinceSeconds, text }) => `  away      ${host} for ${age(sinceSeconds)}: ${text}`);
      return [`category    ${category}: ${states.join(', ') || 'no hosts'}; ${evidence}`, ...away];
    }),
    '',
  ].join('\n');
};
