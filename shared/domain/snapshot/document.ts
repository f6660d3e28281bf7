/**
 * A snapshot document says everything an answer needs, for the whole network, and nothing else: it is built from the inventory,
 * the manifests and the observations by `assembleSnapshot`, printed into one packed object by the wire layer, and read by
 * selection. It holds no time of its own, so the same inputs give the same bytes and "nothing changed" is a comparison of names;
 * the moment of publishing stands in the pointer.
 * Hosts that are not offered are in it too, with the reason, so that every exclusion can be explained from what clients get.
 */

import type { Evidence, Protocol } from '../crawl/observation.ts';
import type { CountryCode, EpochMs, HostId, RepositoryType, SiteId } from '../inventory/inventory.ts';
import type { Head } from '../master/manifest.ts';

export interface SnapshotHost {
  readonly id: HostId;
  readonly site: SiteId;
  readonly country: CountryCode;
  /** 1 to 100,000. */
  readonly weight: number;
  /** Host or site is private: only netblock and network (ASN) matches may offer it. */
  readonly private: boolean;
  readonly countriesAllowed: readonly CountryCode[];
  /** Own ASN when its clients are wanted, and peers' ASNs; ascending, no duplicates. */
  readonly asns: readonly number[];
  /** Canonical CIDR text. */
  readonly netblocks: readonly string[];
}

/** Why a host's whole share of a category is not offered; `serving` when nothing speaks against it. */
export type CarrierState =
  | 'serving'
  | 'switched-off-by-owner'
  | 'switched-off-by-admin'
  /** Nobody proved control of its URLs yet. */
  | 'pending'
  /** Out of service while it synchronises. */
  | 'drained'
  | 'down'
  | 'never-verified'
  | 'facts-too-old'
  | 'differs-everywhere';

export interface SnapshotUrl {
  readonly protocol: Protocol;
  /** Base URL of the category's top directory, no trailing slash. */
  readonly url: string;
}

/** One host in one category. */
export interface SnapshotCarrier {
  /** Index into `hosts`. */
  readonly host: number;
  /** Index into `categories`. */
  readonly category: number;
  readonly state: CarrierState;
  /** URLs whose protocol answers, preferred first (https, http, rsync); the others stand in `evidence`. */
  readonly urls: readonly SnapshotUrl[];
  /** The latest thing seen that speaks for or against the carrier. */
  readonly evidence: Evidence | undefined;
}

/**
 * Standing of carriers in a directory or a repository, as ascending indexes into `carriers`. Carriers of the category in none
 * of the lists are excluded by their own state. Equal standings are one entry, shared by all their directories.
 */
export interface Standings {
  /** Proved to hold what the master holds. */
  readonly current: readonly number[];
  /** Proved to hold an earlier state that a metalink still accepts. */
  readonly alternate: readonly number[];
  /** Serve a head that is no longer, or not yet, accepted. */
  readonly stale: readonly number[];
  /** Lack the head file or the directory. */
  readonly absent: readonly number[];
  /** Nobody proved what they hold since the master changed. */
  readonly unproven: readonly number[];
}

export interface SnapshotCategory {
  readonly id: string;
  /** No leading or trailing slash; may be empty. */
  readonly topDirectory: string;
}

export interface SnapshotDirectory {
  /** Whole path in the network's path space: the category's top directory and the relative path. */
  readonly path: string;
  readonly category: number;
  /** Index into `standings`. */
  readonly standings: number;
}

export interface SnapshotRepository {
  readonly repo: string;
  readonly arch: string;
  readonly type: RepositoryType;
  readonly category: number;
  readonly disabled: boolean;
  /** Whole path that clients are sent to, no trailing slash. */
  readonly directory: string;
  /** Whole path of the head file. */
  readonly headPath: string;
  /** The newest head that somebody serves first (the master's, once a mirror has it), then the others that are accepted. */
  readonly heads: readonly Head[];
  readonly standings: number;
}

export interface SnapshotSettings {
  readonly network: string;
  readonly minimumHosts: number;
  readonly maximumHosts: number;
  readonly embargoedCountries: readonly CountryCode[];
}

export interface SnapshotDocument {
  readonly settings: SnapshotSettings;
  readonly categories: readonly SnapshotCategory[];
  readonly hosts: readonly SnapshotHost[];
  readonly carriers: readonly SnapshotCarrier[];
  readonly standings: readonly Standings[];
  /** Sorted by path in code unit order; readable directories only. */
  readonly directories: readonly SnapshotDirectory[];
  /** Sorted by repo, then arch. */
  readonly repositories: readonly SnapshotRepository[];
  readonly aliases: readonly { readonly from: string; readonly to: string }[];
  readonly countryOverrides: readonly { readonly netblock: string; readonly country: CountryCode }[];
  /** Every country's continent, overrides applied. */
  readonly continents: readonly { readonly country: CountryCode; readonly continent: string }[];
}

/** What the published pointer says; the snapshot's bytes are named by their sha256. */
export interface SnapshotPointer {
  readonly name: string;
  /** Counts up by one with every move of the pointer. */
  readonly sequence: number;
  readonly publishedMs: EpochMs;
  readonly sizeBytes: number;
}
