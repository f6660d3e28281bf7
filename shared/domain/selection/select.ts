/**
 * Selection: from everybody who carries a directory to the ordered list one client gets. Each carrier is asked once what speaks
 * against it and once how near it is; each tier is shuffled by weight; the list is cut at the policy's maximum. Current hosts come
 * before those that hold an earlier accepted state, since dnf takes the first mirror whose metadata it accepts, however old.
 * Serving and explaining are the same pass: the caller that wants to know who was left out hands a list in.
 */
import type { SnapshotView } from '../snapshot/view.ts';
import type { Client } from './client.ts';
import { type EligibilityRules, isEmbargoed, reasonAgainst, servesEveryone, urlsOfProtocols } from './eligibility.ts';
import { fitPlaces, RESERVED_PLACES } from './fit-places.ts';
import { hashText } from './hash.ts';
import { type TierPlan, tierPlans } from './plan.ts';
import type { Accepted, Excluded, ExclusionReason, Selection, SelectionRequest, StandingClass } from './selection.ts';
import { weightedOrder } from './weighted-order.ts';

interface Pass {
  readonly view: SnapshotView;
  readonly rules: EligibilityRules;
  readonly seed: number;
  readonly excluded: Excluded[] | undefined;
}

/** Part of the seed: what the CDN's cache key knows of the client. */
const bucketText = (client: Client): string =>
  `${client.netblock ?? ''};${client.asn ?? ''};${client.country ?? ''};${client.variant}`;

const exclude = (pass: Pass, carrier: number, reason: ExclusionReason): void => {
  pass.excluded?.push({ carrier, host: pass.view.carrier(carrier).host, reason });
};

const outsidePlan = (plan: TierPlan, isPrivate: boolean): ExclusionReason =>
  isPrivate || plan.lastIsFallback ? { kind: 'private' } : { kind: 'not-in-asked-countries' };

/** Carriers of one class by tier; whoever has no place is excluded with the reason. */
const byTier = (
  pass: Pass,
  plan: TierPlan,
  members: ArrayLike<number>,
  standing: StandingClass,
  taken: Set<number>,
): Accepted[][] => {
  const tiers: Accepted[][] = plan.tiers.map(() => []);
  for (let i = 0; i < members.length; i += 1) {
    const index = members[i] ?? 0;
    const carrier = pass.view.carrier(index);
    const host = pass.view.host(carrier.host);
    const reason = reasonAgainst(carrier, host, pass.rules);
    if (reason !== undefined) {
      exclude(pass, index, reason);
      continue;
    }
    const rank = plan.tierOf(carrier.host, host);
    const tier = rank === undefined ? undefined : plan.tiers[rank];
    if (rank === undefined || tier === undefined) exclude(pass, index, outsidePlan(plan, host.private));
    else if (taken.has(carrier.host)) exclude(pass, index, { kind: 'host-already-listed' });
    else {
      taken.add(carrier.host);
      const urls = urlsOfProtocols(carrier, pass.rules.protocols);
      tiers[rank]?.push({ carrier: index, host: carrier.host, class: standing, tier, urls });
    }
  }
  return tiers;
};

const isOpen = (pass: Pass, accepted: Accepted): boolean => servesEveryone(pass.view.host(accepted.host));

/** Hosts from everywhere are for lists that have too few nearer ones, or too few of those that serve everyone. */
const needsFallback = (pass: Pass, nearer: readonly (readonly Accepted[])[], minimum: number): boolean => {
  let count = 0;
  let open = 0;
  for (const tier of nearer) {
    count += tier.length;
    for (const accepted of tier) if (isOpen(pass, accepted)) open += 1;
  }
  return count < minimum || open < Math.min(RESERVED_PLACES, minimum);
};

const ordered = (pass: Pass, tier: readonly Accepted[]): Accepted[] =>
  weightedOrder(tier, pass.seed, (accepted) => ({
    hash: pass.view.hostHash(accepted.host),
    weight: pass.view.host(accepted.host).weight,
  }));

interface ClassInput {
  readonly standing: StandingClass;
  readonly members: ArrayLike<number>;
  /** Hosts that the list has already. */
  readonly before: readonly Accepted[];
}

const selectClass = (pass: Pass, plan: TierPlan, input: ClassInput): readonly Accepted[] => {
  const { minimumHosts, maximumHosts } = pass.view.settings;
  const taken = new Set(input.before.map((accepted) => accepted.host));
  const tiers = byTier(pass, plan, input.members, input.standing, taken);
  const minimum = Math.max(input.before.length === 0 ? 1 : 0, minimumHosts - input.before.length);
  if (plan.lastIsFallback && !needsFallback(pass, tiers.slice(0, -1), minimum)) {
    for (const far of tiers.pop() ?? []) exclude(pass, far.carrier, { kind: 'enough-nearer', minimum: minimumHosts });
  }
  const all = tiers.flatMap((tier) => ordered(pass, tier));
  const fitted = fitPlaces(all, maximumHosts - input.before.length, (accepted) => isOpen(pass, accepted));
  for (const left of fitted.leftOut) exclude(pass, left.carrier, { kind: 'list-full', maximum: maximumHosts });
  return fitted.kept;
};

/**
 * The list for one client; `excluded` is filled with everybody among the current and alternate carriers who is not in it. Without
 * it nothing is collected, which is how lists are served.
 */
export const select = (view: SnapshotView, request: SelectionRequest, client: Client, excluded?: Excluded[]): Selection => {
  const { standings, countries, netblock, protocols } = request;
  const pass: Pass = {
    view,
    rules: { client, embargoed: isEmbargoed(view.settings.embargoedCountries, client), protocols },
    seed: hashText(`${request.topic}|${bucketText(client)}`),
    excluded,
  };
  const plans = tierPlans(view, client, { countries, netblock });
  for (const standing of ['current', 'alternate'] as const) {
    const before = excluded?.length ?? 0;
    for (const plan of plans) {
      if (excluded !== undefined) excluded.length = before;
      const accepted = selectClass(pass, plan, { standing, members: standings[standing], before: [] });
      if (accepted.length === 0) continue;
      return { accepted: standing === 'current' ? withAlternates(pass, plan, request, accepted) : accepted, client };
    }
  }
  return { accepted: [], client };
};

const withAlternates = (
  pass: Pass,
  plan: TierPlan,
  request: SelectionRequest,
  before: readonly Accepted[],
): readonly Accepted[] => {
  const members = request.standings.alternate;
  if (request.alternatesFollow) return [...before, ...selectClass(pass, plan, { standing: 'alternate', members, before })];
  for (let i = 0; i < members.length; i += 1) exclude(pass, members[i] ?? 0, { kind: 'only-alternate' });
  return before;
};
