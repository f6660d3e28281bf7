/**
 * The document that an opened snapshot was printed from, for people and for comparisons; directories and repositories come in the
 * packed order. Answers never need it.
 */
import type { SnapshotDocument } from '#domain/snapshot/document.ts';
import type { SnapshotView } from '#domain/snapshot/view.ts';
import { openSnapshot } from './open-snapshot.ts';
import { openColumns } from './packed-columns.ts';
import { READABLE_VERSIONS, SNAPSHOT_SCHEMA, STANDING_LISTS } from './schema.ts';
import { openText } from './text-table.ts';

const rows = <T>(count: number, row: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => row(index));

const standingsOf = (view: SnapshotView, index: number): SnapshotDocument['standings'][number] => {
  const standings = view.standings(index);
  const [current, alternate, stale, absent, unproven] = STANDING_LISTS.map((list) => Array.from(standings[list]));
  return {
    current: current ?? [],
    alternate: alternate ?? [],
    stale: stale ?? [],
    absent: absent ?? [],
    unproven: unproven ?? [],
  };
};

/** Throws WireError as `openSnapshot` does. */
export const readDocument = (bytes: Uint8Array): SnapshotDocument => {
  const view = openSnapshot(bytes);
  const { columns } = openColumns(SNAPSHOT_SCHEMA, READABLE_VERSIONS, bytes);
  const { text } = openText(columns.textBytes, columns.textStarts);
  const pairs = (left: Uint32Array, right: Uint32Array): (readonly [string, string])[] =>
    rows(left.length, (row) => [text(left[row] ?? 0), text(right[row] ?? 0)]);
  return {
    settings: view.settings,
    categories: rows(view.counts.categories, view.category),
    hosts: rows(view.counts.hosts, view.host),
    carriers: rows(view.counts.carriers, view.carrier),
    standings: rows(view.counts.standings, (index) => standingsOf(view, index)),
    directories: rows(view.counts.directories, view.directoryAt),
    repositories: rows(view.counts.repositories, view.repositoryAt),
    aliases: pairs(columns.aliasFrom, columns.aliasTo).map(([from, to]) => ({ from, to })),
    countryOverrides: pairs(columns.overrideNetblock, columns.overrideCountry).map(([netblock, country]) => ({
      netblock,
      country,
    })),
    continents: pairs(columns.continentCountry, columns.continentName).map(([country, continent]) => ({ country, continent })),
  };
};
