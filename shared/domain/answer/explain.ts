/**
 * Why a client gets what it gets: every host of the category, accepted with its tier, its place and its chance, or excluded with
 * the one reason that decided. It runs the very pass that serves lists. A private host's addresses and evidence are shown only
 * to clients that are offered it. The chance is that of standing first: exact for the weighted shuffle over all variants and
 * repositories, since a place in one client's list is fixed.
 */
import type { Evidence } from '../crawl/observation.ts';
import type { Client } from '../selection/client.ts';
import { select } from '../selection/select.ts';
import type { Accepted, Excluded, ExclusionReason, SelectionRequest } from '../selection/selection.ts';
import type { SnapshotPointer } from '../snapshot/document.ts';
import type { Indexes, SnapshotView } from '../snapshot/view.ts';
import type { Answer } from './answer.ts';
import { JSON_TYPE } from './error-answer.ts';
import { reasonText } from './reason-text.ts';
import type { ListRequest } from './request.ts';
import type { Resolved } from './resolve-target.ts';

export interface ExplainInput {
  readonly request: ListRequest;
  readonly found: Extract<Resolved, { readonly kind: 'found' }>;
  readonly selecting: SelectionRequest;
}

const percent = (share: number): number => Math.round(share * 10_000) / 100;

/** Carriers of the category that hold neither the present nor an accepted earlier state here. */
const othersOf = (view: SnapshotView, input: ExplainInput): Excluded[] => {
  const standings = view.standings(input.found.standings);
  const reasons = new Map<number, ExclusionReason | undefined>();
  const note = (indexes: Indexes, reason: ExclusionReason | undefined): void => {
    for (let i = 0; i < indexes.length; i += 1) reasons.set(indexes[i] ?? 0, reason);
  };
  note(standings.current, undefined);
  note(standings.alternate, undefined);
  for (const standing of ['stale', 'absent', 'unproven'] as const) note(standings[standing], { kind: 'standing', standing });
  const others: Excluded[] = [];
  for (let index = 0; index < view.counts.carriers; index += 1) {
    const carrier = view.carrier(index);
    if (carrier.category !== input.found.category) continue;
    const reason = reasons.has(index) ? reasons.get(index) : ({ kind: 'carrier', state: carrier.state } as const);
    if (reason !== undefined) others.push({ carrier: index, host: carrier.host, reason });
  }
  return others;
};

const hostFacts = (view: SnapshotView, hostIndex: number): object => {
  const { id, site, country, weight } = view.host(hostIndex);
  return { host: id, site, country, weight, ...(view.host(hostIndex).private ? { private: true } : {}) };
};

const evidenceOf = (evidence: Evidence | undefined): object =>
  evidence === undefined ? {} : { evidence: { atMs: evidence.atMs, url: evidence.url, text: evidence.text } };

const acceptedEntry = (view: SnapshotView, input: ExplainInput, all: readonly Accepted[], index: number): object => {
  const one = all[index];
  if (one === undefined) return {};
  const peers = all.filter((other) => other.tier === one.tier && other.class === one.class);
  const share = view.host(one.host).weight / peers.reduce((sum, peer) => sum + view.host(peer.host).weight, 0);
  const isFirstTier = all[0]?.tier === one.tier && all[0]?.class === one.class;
  return {
    place: index + 1,
    ...hostFacts(view, one.host),
    standing: one.class,
    tier: one.tier,
    shareOfTierPercent: percent(share),
    firstPercent: isFirstTier ? percent(share) : 0,
    urls: one.urls.map(({ url }) => `${url}${input.found.suffix}`),
    ...evidenceOf(view.carrier(one.carrier).evidence),
  };
};

const excludedEntry = (view: SnapshotView, excluded: Excluded): object => ({
  ...hostFacts(view, excluded.host),
  reason: excluded.reason,
  text: reasonText(excluded.reason),
  ...(view.host(excluded.host).private ? {} : evidenceOf(view.carrier(excluded.carrier).evidence)),
});

export const explain = (view: SnapshotView, pointer: SnapshotPointer, input: ExplainInput, client: Client): Answer => {
  const excluded: Excluded[] = [];
  const { accepted } = select(view, input.selecting, client, excluded);
  const everyOther = [...excluded, ...othersOf(view, input)].sort((a, b) => a.carrier - b.carrier);
  const { network, minimumHosts, maximumHosts } = view.settings;
  const body = {
    network,
    snapshot: { name: pointer.name, sequence: pointer.sequence, publishedMs: pointer.publishedMs },
    asked: {
      target: input.request.target,
      countries: input.request.countries,
      protocols: input.selecting.protocols,
      netblock: input.request.netblock,
    },
    client,
    policy: { minimumHosts, maximumHosts },
    accepted: accepted.map((_, index) => acceptedEntry(view, input, accepted, index)),
    excluded: everyOther.map((one) => excludedEntry(view, one)),
  };
  return { status: 200, contentType: JSON_TYPE, headers: {}, body: `${JSON.stringify(body)}\n` };
};
