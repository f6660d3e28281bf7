/**
 * Opens a packed snapshot in place: bounds are checked, nothing is parsed. Rows become objects when they are first asked for and
 * are kept, so that a process that answers for a few repositories holds only these; directories, of which there are most, are
 * not kept. Throws WireError for anything that is not a whole snapshot of a readable version.
 */
import { hashText } from '#domain/selection/hash.ts';
import type { SnapshotSettings } from '#domain/snapshot/document.ts';
import type { SnapshotView } from '#domain/snapshot/view.ts';
import { checkColumns } from './check-columns.ts';
import { openNetblocks } from './netblock-table.ts';
import { openRows, type Rows } from './open-rows.ts';
import { openColumns } from './packed-columns.ts';
import { READABLE_VERSIONS, SNAPSHOT_SCHEMA, type SnapshotColumns, STANDING_LISTS } from './schema.ts';
import { openText, type TextTable } from './text-table.ts';

/** Position of the first element that is not below `wanted`. */
const firstNotBelow = (column: Uint32Array, wanted: number): number => {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((column[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
};

const positionOf = (column: Uint32Array, wanted: number): number | undefined => {
  if (wanted < 0) return undefined;
  const at = firstNotBelow(column, wanted);
  return column[at] === wanted ? at : undefined;
};

const openSettings = (columns: SnapshotColumns, { text }: TextTable): SnapshotSettings => ({
  network: text(columns.settings[0] ?? 0),
  minimumHosts: columns.settings[1] ?? 0,
  maximumHosts: columns.settings[2] ?? 0,
  embargoedCountries: Array.from(columns.embargoed, text),
});

type RepositoryLookups = Pick<SnapshotView, 'repository' | 'repositoryOfHead' | 'architectures' | 'repositoryNames'>;

const openRepositories = (columns: SnapshotColumns, texts: TextTable, rows: Rows): RepositoryLookups => {
  const { repositoryRepo, repositoryArch, repositoryHeadPath } = columns;
  /** Positions of one repository's rows; they stand together. */
  const rowsOf = (repo: string): readonly [number, number] => {
    const number = texts.find(repo);
    return number < 0 ? [0, 0] : [firstNotBelow(repositoryRepo, number), firstNotBelow(repositoryRepo, number + 1)];
  };
  let names: readonly string[] | undefined;
  return {
    repository: (repo, arch) => {
      const [start, end] = rowsOf(repo);
      if (start === end) return undefined;
      const at = positionOf(repositoryArch.subarray(start, end), texts.find(arch));
      return at === undefined ? undefined : rows.repository(start + at);
    },
    repositoryOfHead: (path) => {
      const number = texts.find(path);
      const at = number < 0 ? -1 : repositoryHeadPath.indexOf(number);
      return at < 0 ? undefined : rows.repository(at);
    },
    architectures: (repo) => Array.from(repositoryArch.subarray(...rowsOf(repo)), texts.text),
    repositoryNames: () => {
      names ??= Array.from(new Set(repositoryRepo), texts.text);
      return names;
    },
  };
};

type PlaceLookups = Pick<SnapshotView, 'netblockChain' | 'hostsOfAsn' | 'continent' | 'alias'>;

const openPlaces = (columns: SnapshotColumns, texts: TextTable): PlaceLookups => {
  const continents = new Map(
    Array.from(columns.continentCountry, (country, row) => [texts.text(country), texts.text(columns.continentName[row] ?? 0)]),
  );
  const nobody = new Uint32Array(0);
  return {
    netblockChain: openNetblocks(columns, texts.text),
    hostsOfAsn: (asn) => {
      const row = positionOf(columns.asn, asn);
      return row === undefined ? nobody : columns.asnHosts.subarray(columns.asnHostStarts[row], columns.asnHostStarts[row + 1]);
    },
    continent: (country) => continents.get(country),
    alias: (from) => {
      const row = positionOf(columns.aliasFrom, texts.find(from));
      return row === undefined ? undefined : texts.text(columns.aliasTo[row] ?? 0);
    },
  };
};

export const openSnapshot = (bytes: Uint8Array): SnapshotView => {
  const { columns } = openColumns(SNAPSHOT_SCHEMA, READABLE_VERSIONS, bytes);
  checkColumns(columns);
  const texts = openText(columns.textBytes, columns.textStarts);
  const rows = openRows(columns, texts.text);
  const hashes: (number | undefined)[] = [];
  return {
    settings: openSettings(columns, texts),
    counts: {
      hosts: columns.hostId.length,
      carriers: columns.carrierHost.length,
      categories: columns.categoryId.length,
      directories: columns.directoryPath.length,
      repositories: columns.repositoryRepo.length,
      standings: (columns.standingStarts.length - 1) / STANDING_LISTS.length,
    },
    host: rows.host,
    hostHash: (index) => {
      const hash = hashes[index] ?? hashText(rows.host(index).id);
      hashes[index] = hash;
      return hash;
    },
    carrier: rows.carrier,
    category: rows.category,
    standings: rows.standings,
    directoryAt: rows.directory,
    directory: (path) => {
      const at = positionOf(columns.directoryPath, texts.find(path));
      return at === undefined ? undefined : rows.directory(at);
    },
    directoryPosition: (path) => {
      const number = texts.find(path);
      return firstNotBelow(columns.directoryPath, number < 0 ? -number - 1 : number);
    },
    repositoryAt: rows.repository,
    ...openRepositories(columns, texts, rows),
    ...openPlaces(columns, texts),
  };
};
