/**
 * A snapshot as selection reads it: by index and by name, never as a whole. The wire layer implements it over the packed bytes;
 * the domain only says what an answer needs. Every method answers from memory and never throws: a name that is not published
 * gives `undefined`, an unknown network gives an empty list. Equal indexes give the same object as long as the view lives, so
 * that renderers may keep what they derive from one.
 */
import type { CountryCode } from '../inventory/inventory.ts';
import type {
  SnapshotCarrier,
  SnapshotCategory,
  SnapshotDirectory,
  SnapshotHost,
  SnapshotRepository,
  SnapshotSettings,
} from './document.ts';

/** Ascending indexes, read in place. */
export type Indexes = ArrayLike<number>;

export interface StandingsView {
  readonly current: Indexes;
  readonly alternate: Indexes;
  readonly stale: Indexes;
  readonly absent: Indexes;
  readonly unproven: Indexes;
}

/** One registered netblock that contains the client. */
export interface NetblockLevel {
  /** Canonical CIDR text. */
  readonly netblock: string;
  /** Hosts that registered exactly this netblock. */
  readonly hosts: Indexes;
}

export interface SnapshotCounts {
  readonly hosts: number;
  readonly carriers: number;
  readonly categories: number;
  readonly directories: number;
  readonly repositories: number;
  readonly standings: number;
}

export interface SnapshotView {
  readonly settings: SnapshotSettings;
  readonly counts: SnapshotCounts;
  host(index: number): SnapshotHost;
  /** A hash of the host's id that never changes; selection draws from it. */
  hostHash(index: number): number;
  carrier(index: number): SnapshotCarrier;
  category(index: number): SnapshotCategory;
  standings(index: number): StandingsView;
  /** By position, in the order of the packed table (path, by UTF-8 bytes). */
  directoryAt(index: number): SnapshotDirectory;
  directory(path: string): SnapshotDirectory | undefined;
  /** Position of the first directory whose path is not before `path`. */
  directoryPosition(path: string): number;
  /** By position, ordered by repo then arch. */
  repositoryAt(index: number): SnapshotRepository;
  repository(repo: string, arch: string): SnapshotRepository | undefined;
  /** The first repository whose head file is at this path. */
  repositoryOfHead(path: string): SnapshotRepository | undefined;
  /** Architectures under which a repository is published, ascending; empty when it is not known at all. */
  architectures(repo: string): readonly string[];
  /** Distinct repository names, ascending. */
  repositoryNames(): readonly string[];
  alias(from: string): string | undefined;
  /** Registered netblocks with hosts that contain this address or network, longest prefix first. */
  netblockChain(netblock: string): readonly NetblockLevel[];
  hostsOfAsn(asn: number): Indexes;
  continent(country: CountryCode): string | undefined;
}
