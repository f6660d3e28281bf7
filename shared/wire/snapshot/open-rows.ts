/** Rows of an opened snapshot as the domain's objects, made on first use. */
import type { Evidence } from '#domain/crawl/observation.ts';
import type { Head } from '#domain/master/manifest.ts';
import type {
  SnapshotCarrier,
  SnapshotCategory,
  SnapshotDirectory,
  SnapshotHost,
  SnapshotRepository,
  SnapshotUrl,
} from '#domain/snapshot/document.ts';
import type { StandingsView } from '#domain/snapshot/view.ts';
import { CARRIER_STATES, PROTOCOLS, REPOSITORY_TYPES, type SnapshotColumns, STANDING_LISTS } from './schema.ts';

type Text = (number: number) => string;

export interface Rows {
  host(index: number): SnapshotHost;
  carrier(index: number): SnapshotCarrier;
  category(index: number): SnapshotCategory;
  standings(index: number): StandingsView;
  directory(index: number): SnapshotDirectory;
  repository(index: number): SnapshotRepository;
}

/** The same object for the same index, as the view promises. */
const kept = <T>(make: (index: number) => T): ((index: number) => T) => {
  const made: (T | undefined)[] = [];
  return (index) => {
    const known = made[index];
    if (known !== undefined) return known;
    const row = make(index);
    made[index] = row;
    return row;
  };
};

const between = (values: Uint32Array, starts: Uint32Array, row: number): Uint32Array =>
  values.subarray(starts[row], starts[row + 1]);

const hostRow = (c: SnapshotColumns, text: Text, row: number): SnapshotHost => ({
  id: text(c.hostId[row] ?? 0),
  site: text(c.hostSite[row] ?? 0),
  country: text(c.hostCountry[row] ?? 0),
  weight: c.hostWeight[row] ?? 0,
  private: c.hostPrivate[row] !== 0,
  countriesAllowed: Array.from(between(c.hostAllowed, c.hostAllowedStarts, row), text),
  asns: Array.from(between(c.hostAsns, c.hostAsnStarts, row)),
  netblocks: Array.from(between(c.hostNetblocks, c.hostNetblockStarts, row), text),
});

const evidenceRow = (c: SnapshotColumns, text: Text, row: number): Evidence | undefined => {
  const atMs = c.evidenceAtMs[row] ?? Number.NaN;
  return Number.isNaN(atMs) ? undefined : { atMs, url: text(c.evidenceUrl[row] ?? 0), text: text(c.evidenceText[row] ?? 0) };
};

const urlRows = (c: SnapshotColumns, text: Text, row: number): SnapshotUrl[] => {
  const start = c.carrierUrlStarts[row] ?? 0;
  const numbers = between(c.urlText, c.carrierUrlStarts, row);
  return Array.from(numbers, (number, i) => ({
    protocol: PROTOCOLS[c.urlProtocol[start + i] ?? 0] ?? 'http',
    url: text(number),
  }));
};

const carrierRow = (c: SnapshotColumns, text: Text, row: number): SnapshotCarrier => ({
  host: c.carrierHost[row] ?? 0,
  category: c.carrierCategory[row] ?? 0,
  state: CARRIER_STATES[c.carrierState[row] ?? 0] ?? 'never-verified',
  urls: urlRows(c, text, row),
  evidence: evidenceRow(c, text, row),
});

const standingsRow = (c: SnapshotColumns, row: number): StandingsView => {
  const list = (n: number): Uint32Array => between(c.standingCarriers, c.standingStarts, STANDING_LISTS.length * row + n);
  return { current: list(0), alternate: list(1), stale: list(2), absent: list(3), unproven: list(4) };
};

const headRow = (c: SnapshotColumns, text: Text, row: number): Head => ({
  sizeBytes: c.headSize[row] ?? 0,
  timestampSeconds: c.headTimestamp[row] ?? 0,
  hashes: {
    md5: text(c.headMd5[row] ?? 0),
    sha1: text(c.headSha1[row] ?? 0),
    sha256: text(c.headSha256[row] ?? 0),
    sha512: text(c.headSha512[row] ?? 0),
  },
  firstSeenMs: c.headFirstSeenMs[row] ?? 0,
});

const repositoryRow = (c: SnapshotColumns, text: Text, row: number): SnapshotRepository => {
  const start = c.repositoryHeadStarts[row] ?? 0;
  const end = c.repositoryHeadStarts[row + 1] ?? start;
  return {
    repo: text(c.repositoryRepo[row] ?? 0),
    arch: text(c.repositoryArch[row] ?? 0),
    type: REPOSITORY_TYPES[c.repositoryType[row] ?? 0] ?? 'files',
    category: c.repositoryCategory[row] ?? 0,
    disabled: c.repositoryDisabled[row] !== 0,
    directory: text(c.repositoryDirectory[row] ?? 0),
    headPath: text(c.repositoryHeadPath[row] ?? 0),
    heads: Array.from({ length: end - start }, (_, i) => headRow(c, text, start + i)),
    standings: c.repositoryStandings[row] ?? 0,
  };
};

export const openRows = (c: SnapshotColumns, text: Text): Rows => ({
  host: kept((row) => hostRow(c, text, row)),
  carrier: kept((row) => carrierRow(c, text, row)),
  category: kept((row) => ({ id: text(c.categoryId[row] ?? 0), topDirectory: text(c.categoryTop[row] ?? 0) })),
  standings: kept((row) => standingsRow(c, row)),
  directory: (row) => ({
    path: text(c.directoryPath[row] ?? 0),
    category: c.directoryCategory[row] ?? 0,
    standings: c.directoryStandings[row] ?? 0,
  }),
  repository: kept((row) => repositoryRow(c, text, row)),
});
