/**
 * The inventory is what people declare about a network: who mirrors what, from where, under which rules. Nothing in it is
 * measured; measurements are observations. The words are MirrorManager2's (site, host, category, repository, netblock), with
 * two changes: the owner's and the administrator's switches are separate fields that nothing else writes, and the rules that
 * turn a directory into a repository are data of the category, so that no distribution's layout is known to the code.
 */

import type { ContentRules } from '../content/content-rules.ts';
import type { DrainPolicy } from '../drain/drain-policy.ts';
import type { LockRules } from '../lock/lock-rules.ts';
import type { AccessPolicy } from './access-policy.ts';

/** Milliseconds since 1970-01-01 UTC. */
export type EpochMs = number;
/** Lower-case slug of letters, digits, `.`, `_` and `-`; unique in the network. */
export type SiteId = string;
export type HostId = string;
export type CategoryId = string;
/** ISO 3166-1 alpha-2, upper case. */
export type CountryCode = string;

/** Whoever runs hosts: a university, a company. */
export interface Site {
  readonly id: SiteId;
  readonly name: string;
  /** Hosts of a private site are never offered to the public, whatever they say themselves. */
  readonly private: boolean;
  readonly ownerActive: boolean;
  readonly adminActive: boolean;
  /** Where people read about it. */
  readonly url: string | undefined;
  /** E-mail addresses and URLs. */
  readonly contacts: readonly string[];
  /** Users that may change the site and its hosts, as the identity provider names them. */
  readonly admins: readonly string[];
}

/** What one host carries of one category. */
export interface Carriage {
  readonly category: CategoryId;
  /** Base URLs of the category's top directory on this host, without a trailing slash; http, https or rsync. */
  readonly urls: readonly string[];
  /** Declared current for every directory (a CDN in front of the master): its content is not compared, only its reach is checked. */
  readonly alwaysCurrent: boolean;
}

/** One serving machine, or one name in front of several. */
export interface Host {
  readonly id: HostId;
  readonly site: SiteId;
  readonly country: CountryCode;
  /** Weight of the host in every shuffle, 1 to 100,000 Mbit/s. */
  readonly bandwidthMbps: number;
  /** Offered only to clients of its netblocks and networks (ASNs). */
  readonly private: boolean;
  readonly ownerActive: boolean;
  readonly adminActive: boolean;
  /** The host's own autonomous system; clients of it get the host early when `asnClients`. */
  readonly asn: number | undefined;
  readonly asnClients: boolean;
  readonly peerAsns: readonly number[];
  /** Canonical CIDR text; clients inside get this host first, longest prefix first. */
  readonly netblocks: readonly string[];
  /** When not empty, only clients of these countries are ever offered this host, in every tier. */
  readonly countriesAllowed: readonly CountryCode[];
  readonly carries: readonly Carriage[];
  /** Free slugs, `eu-central` and `rackspace`, that group hosts for draining. */
  readonly region: string | undefined;
  readonly provider: string | undefined;
  /** 1 is fed by the master itself; 1 to 3, for people. */
  readonly tier: number | undefined;
  readonly comment: string | undefined;
  /** E-mail addresses and URLs. */
  readonly contacts: readonly string[];
  /** Declared by its owner, and nobody proved control of its URLs yet: neither crawled nor listed. */
  readonly pending: boolean;
}

/** Where the original of a category is. */
export type Master =
  | { readonly kind: 'directory'; readonly path: string }
  | {
      readonly kind: 'rsync';
      readonly url: string /** Where heads are read over HTTP; rsync only lists. */;
      readonly headsUrl: string;
    }
  | {
      readonly kind: 'fullfiletimelist';
      /** URL of the list itself. */
      readonly listUrl: string;
      /** Prefix of the list's paths that is not part of the category, `linux/` for instance; removed. */
      readonly stripPrefix: string;
      readonly headsUrl: string;
    }
  | {
      readonly kind: 'heads-only';
      readonly url: string /** Repository directories, since nothing can be listed. */;
      readonly repositories: readonly string[];
    };

export type RepositoryType = 'rpm' | 'apt' | 'files';

/**
 * One ordered path rule. The first rule whose `match` fits a candidate directory decides. `match` is a regular expression over
 * the directory's path relative to the category, whole path, with named groups that the templates use as `${name}`.
 */
export type RepositoryRule =
  | { readonly kind: 'ignore'; readonly match: string }
  | {
      readonly kind: 'repository';
      readonly match: string;
      readonly type: RepositoryType;
      /** Template of the name that clients ask for, `fedora-${version}`. */
      readonly repo: string;
      /** Template of the architecture; an apt rule may leave it empty: then every architecture its Release file lists gets a repository. */
      readonly arch: string;
      /** Template of the directory that clients are sent to, relative to the category; `''` is the category's top. Defaults to the matched directory, for apt to the one that holds `dists`. */
      readonly directory: string | undefined;
    };

/** How long an earlier head stays acceptable; the ageing rules of MirrorManager2's master scan. */
export interface AlternatesPolicy {
  /** The second newest head stays while the newest is younger than this. */
  readonly propagationMs: number;
  /** Every earlier head goes when it is older than this. */
  readonly staleMs: number;
}

export interface CrawlSchedule {
  readonly scanMasterMs: number;
  readonly reachMs: number;
  readonly headsMs: number;
  readonly sampleMs: number;
  readonly fullMs: number;
  /** Ages of a master change at which every host not yet in sync is asked for its heads. */
  readonly probeAfterChangeMs: readonly number[];
}

export interface Category {
  readonly id: CategoryId;
  /** The category's place in the network's path space, as clients write it in `path=`: `pub/fedora/linux`; no leading or trailing slash. */
  readonly topDirectory: string;
  readonly master: Master;
  /** Regular expressions over relative paths of directories and files that do not exist for us. */
  readonly excludes: readonly string[];
  readonly rules: readonly RepositoryRule[];
  readonly alternates: AlternatesPolicy;
  readonly schedule: CrawlSchedule;
}

export interface AnswerPolicy {
  /** Fewer hosts than this after country and continent, and hosts from everywhere are appended. */
  readonly minimumHosts: number;
  /** An answer stops at this many hosts. */
  readonly maximumHosts: number;
  /** Clients of these countries are served no mirror. */
  readonly embargoedCountries: readonly CountryCode[];
}

export interface CrawlPolicy {
  /** Stands in the User-Agent of every request, so that a mirror's admin can reach somebody. */
  readonly contact: string;
  /** CIDRs that the address guard lets through although they are private or local. */
  readonly allowedAddresses: readonly string[];
  /** TCP ports, besides the scheme's own, that a mirror's URL may name; `any` lifts the limit. */
  readonly allowedPorts: readonly number[] | 'any';
  readonly requestsPerCheck: number;
  readonly connectionsPerHost: number;
}

export interface GuardPolicy {
  /** A snapshot that loses a larger share of its directories or listed hosts than this is refused. */
  readonly maximumShrinkShare: number;
}

export interface NetworkSettings {
  readonly name: string;
  readonly answer: AnswerPolicy;
  readonly crawl: CrawlPolicy;
  readonly guard: GuardPolicy;
  readonly access: AccessPolicy;
  readonly drain: DrainPolicy;
  /** Old repository name to the present one; one hop. */
  readonly aliases: readonly { readonly from: string; readonly to: string }[];
  /** Repositories that are announced as disabled; without an arch, every architecture. */
  readonly disabled: readonly { readonly repo: string; readonly arch: string | undefined }[];
  /** CIDR to country, stronger than any database. */
  readonly countryOverrides: readonly { readonly netblock: string; readonly country: CountryCode }[];
  /** Country to continent (AF AN AS EU NA OC SA), stronger than the built-in table. */
  readonly continentOverrides: readonly { readonly country: CountryCode; readonly continent: string }[];
}

export interface Inventory {
  readonly settings: NetworkSettings;
  /** Absent: the network has no locks. */
  readonly locks?: LockRules;
  /** Absent: the network serves no content itself. */
  readonly content?: ContentRules;
  readonly sites: readonly Site[];
  readonly categories: readonly Category[];
  readonly hosts: readonly Host[];
}
