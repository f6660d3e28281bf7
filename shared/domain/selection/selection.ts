/**
 * The words of a selection: what is asked, who was accepted by which rule, and who was not and why. Everything a person may want
 * to know of an answer is in these types; `explain` prints them, lists are rendered from them.
 */
import type { CountryCode } from '../inventory/inventory.ts';
import type { CarrierState, SnapshotUrl } from '../snapshot/document.ts';
import type { StandingsView } from '../snapshot/view.ts';
import type { Client } from './client.ts';

/** Why a host is as near as it is; in the order of preference. */
export type Tier =
  | { readonly kind: 'netblock'; readonly netblock: string }
  | { readonly kind: 'asn'; readonly asn: number }
  /** The client's own country, or one it asked for. */
  | { readonly kind: 'country'; readonly countries: readonly CountryCode[] }
  | { readonly kind: 'continent'; readonly continents: readonly string[] }
  | { readonly kind: 'global' };

/** `current` holds what the master holds; `alternate` an earlier state that the metalink still accepts. */
export type StandingClass = 'current' | 'alternate';

export interface Accepted {
  /** Index of the carrier in the snapshot. */
  readonly carrier: number;
  readonly host: number;
  readonly class: StandingClass;
  readonly tier: Tier;
  /** Those of the asked protocols, https before http before rsync; never empty. */
  readonly urls: readonly SnapshotUrl[];
}

export type ExclusionReason =
  /** The carrier's own state speaks against everything it holds. */
  | { readonly kind: 'carrier'; readonly state: CarrierState }
  /** What it holds here is not what the master holds. */
  | { readonly kind: 'standing'; readonly standing: 'stale' | 'absent' | 'unproven' }
  /** It holds an earlier state, and this list has current hosts. */
  | { readonly kind: 'only-alternate' }
  | { readonly kind: 'client-embargoed'; readonly country: CountryCode }
  | { readonly kind: 'no-such-protocol'; readonly protocols: readonly string[] }
  | { readonly kind: 'country-not-allowed'; readonly allowed: readonly CountryCode[] }
  /** Only its own netblocks and networks may use it. */
  | { readonly kind: 'private' }
  | { readonly kind: 'not-in-asked-countries' }
  /** Far away, and enough nearer hosts were found. */
  | { readonly kind: 'enough-nearer'; readonly minimum: number }
  | { readonly kind: 'list-full'; readonly maximum: number }
  /** Another carrier of the same host is in the list. */
  | { readonly kind: 'host-already-listed' };

export interface Excluded {
  readonly carrier: number;
  readonly host: number;
  readonly reason: ExclusionReason;
}

export interface SelectionRequest {
  readonly standings: StandingsView;
  /** What the draw is for: repository or directory. The same topic, bucket and variant give the same order. */
  readonly topic: string;
  /** True: alternates follow the current hosts (metalinks, which can tell them apart). False: only when there is no current one. */
  readonly alternatesFollow: boolean;
  readonly countries: readonly CountryCode[];
  readonly protocols: readonly string[];
  /** False: netblocks and networks do not count. */
  readonly netblock: boolean;
}

export interface Selection {
  /** In the order of the list; no host twice. */
  readonly accepted: readonly Accepted[];
  readonly client: Client;
}
