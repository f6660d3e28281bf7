/**
 * The columns of a snapshot, version 1, and what must hold between them. All text is in one table, sorted by UTF-8 bytes without
 * duplicates; a string is its position there, so equal strings are equal numbers and names sort as numbers do. `…Starts` columns
 * have one element more than there are rows: row i owns elements starts[i] to starts[i + 1] of the column they point into.
 */
import type { ColumnSpec, ColumnsOf, ColumnValues } from './packed-columns.ts';

export const SNAPSHOT_VERSION = 1;
/** The present version and the one before it, once there is one. */
export const READABLE_VERSIONS: readonly number[] = [1];
/** Stands for "none" where a position is expected. */
export const NONE = 0xffffffff;

const u8 = (id: number): ColumnSpec<'u8'> => ({ id, kind: 'u8' });
const u32 = (id: number): ColumnSpec<'u32'> => ({ id, kind: 'u32' });
const f64 = (id: number): ColumnSpec<'f64'> => ({ id, kind: 'f64' });

export const SNAPSHOT_SCHEMA = {
  textBytes: u8(1),
  textStarts: u32(2),
  /** Three numbers: network name, minimumHosts, maximumHosts. */
  settings: u32(3),
  embargoed: u32(4),
  categoryId: u32(10),
  categoryTop: u32(11),
  hostId: u32(20),
  hostSite: u32(21),
  hostCountry: u32(22),
  hostWeight: f64(23),
  hostPrivate: u8(24),
  hostAllowedStarts: u32(25),
  hostAllowed: u32(26),
  hostAsnStarts: u32(27),
  hostAsns: u32(28),
  hostNetblockStarts: u32(29),
  hostNetblocks: u32(30),
  carrierHost: u32(40),
  carrierCategory: u32(41),
  carrierState: u8(42),
  carrierUrlStarts: u32(43),
  urlProtocol: u8(44),
  urlText: u32(45),
  /** NaN: there is no evidence. */
  evidenceAtMs: f64(46),
  evidenceUrl: u32(47),
  evidenceText: u32(48),
  /** Five rows per standings: current, alternate, stale, absent, unproven. */
  standingStarts: u32(60),
  standingCarriers: u32(61),
  /** Ascending. */
  directoryPath: u32(70),
  directoryCategory: u32(71),
  directoryStandings: u32(72),
  /** Ascending by repo, then arch. */
  repositoryRepo: u32(80),
  repositoryArch: u32(81),
  repositoryType: u8(82),
  repositoryDisabled: u8(83),
  repositoryCategory: u32(84),
  repositoryDirectory: u32(85),
  repositoryHeadPath: u32(86),
  repositoryStandings: u32(87),
  repositoryHeadStarts: u32(88),
  headSize: f64(89),
  headTimestamp: f64(90),
  headFirstSeenMs: f64(91),
  headMd5: u32(92),
  headSha1: u32(93),
  headSha256: u32(94),
  headSha512: u32(95),
  /** Ascending. */
  aliasFrom: u32(100),
  aliasTo: u32(101),
  overrideNetblock: u32(110),
  overrideCountry: u32(111),
  /** Ascending. */
  continentCountry: u32(112),
  continentName: u32(113),
  /** Registered netblocks as 128 bit numbers in four words, ascending, shorter prefixes first. */
  netblockWords: u32(120),
  netblockPrefix: u8(121),
  netblockText: u32(122),
  /** The smallest netblock around this one; always before it. */
  netblockParent: u32(123),
  netblockHostStarts: u32(124),
  netblockHosts: u32(125),
  /** Ascending. */
  asn: u32(130),
  asnHostStarts: u32(131),
  asnHosts: u32(132),
} as const;

export type SnapshotColumns = ColumnsOf<typeof SNAPSHOT_SCHEMA>;
export type SnapshotColumnValues = ColumnValues<typeof SNAPSHOT_SCHEMA>;
export type ColumnName = keyof typeof SNAPSHOT_SCHEMA;

/** Stored as positions: new ones come last. Functions that answer must know a state before the publisher writes it. */
export const CARRIER_STATES = [
  'serving',
  'switched-off-by-owner',
  'switched-off-by-admin',
  'down',
  'never-verified',
  'facts-too-old',
  'differs-everywhere',
  'pending',
  'drained',
] as const;
export const PROTOCOLS = ['https', 'http', 'rsync'] as const;
export const REPOSITORY_TYPES = ['rpm', 'apt', 'files'] as const;
export const STANDING_LISTS = ['current', 'alternate', 'stale', 'absent', 'unproven'] as const;
