/**
 * Prints a snapshot document as the packed object that `answer` maps into memory. Deterministic: equal documents give equal bytes,
 * so that "nothing changed" is a comparison of names. The order of hosts, carriers and standings is the document's, since they are
 * named by position; everything that is looked up by name is sorted here.
 */
import type { SnapshotCarrier, SnapshotDocument, SnapshotHost } from '#domain/snapshot/document.ts';
import { groupedBy, rangesOf } from './column-builder.ts';
import { printNetblocks } from './netblock-table.ts';
import { printColumns } from './packed-columns.ts';
import {
  CARRIER_STATES,
  PROTOCOLS,
  REPOSITORY_TYPES,
  SNAPSHOT_SCHEMA,
  SNAPSHOT_VERSION,
  type SnapshotColumnValues,
  STANDING_LISTS,
} from './schema.ts';
import { type PrintedText, printText } from './text-table.ts';

function* hostText(host: SnapshotHost): Iterable<string> {
  yield* [host.id, host.site, host.country, ...host.countriesAllowed, ...host.netblocks];
}

function* carrierText(carrier: SnapshotCarrier): Iterable<string> {
  for (const { url } of carrier.urls) yield url;
  if (carrier.evidence !== undefined) yield* [carrier.evidence.url, carrier.evidence.text];
}

function* everyText(document: SnapshotDocument): Iterable<string> {
  yield* ['', document.settings.network, ...document.settings.embargoedCountries];
  for (const { id, topDirectory } of document.categories) yield* [id, topDirectory];
  for (const host of document.hosts) yield* hostText(host);
  for (const carrier of document.carriers) yield* carrierText(carrier);
  for (const { path } of document.directories) yield path;
  for (const { repo, arch, directory, headPath, heads } of document.repositories) {
    yield* [repo, arch, directory, headPath];
    for (const { hashes } of heads) yield* [hashes.md5, hashes.sha1, hashes.sha256, hashes.sha512];
  }
  for (const { from, to } of document.aliases) yield* [from, to];
  for (const { netblock, country } of document.countryOverrides) yield* [netblock, country];
  for (const { country, continent } of document.continents) yield* [country, continent];
}

type Part<N extends string> = Pick<SnapshotColumnValues, Extract<keyof SnapshotColumnValues, N>>;
type NumberOf = PrintedText['numberOf'];

const printSettings = (document: SnapshotDocument, numberOf: NumberOf) => ({
  settings: [numberOf(document.settings.network), document.settings.minimumHosts, document.settings.maximumHosts],
  embargoed: document.settings.embargoedCountries.map(numberOf),
  categoryId: document.categories.map(({ id }) => numberOf(id)),
  categoryTop: document.categories.map(({ topDirectory }) => numberOf(topDirectory)),
  overrideNetblock: document.countryOverrides.map(({ netblock }) => numberOf(netblock)),
  overrideCountry: document.countryOverrides.map(({ country }) => numberOf(country)),
});

const printHosts = (hosts: readonly SnapshotHost[], numberOf: NumberOf) => {
  const allowed = rangesOf(hosts, (host) => host.countriesAllowed.map(numberOf));
  const asns = rangesOf(hosts, (host) => host.asns);
  const netblocks = rangesOf(hosts, (host) => host.netblocks.map(numberOf));
  const byAsn = groupedBy(hosts.flatMap((host, index) => host.asns.map((asn) => [asn, index] as const)));
  return {
    hostId: hosts.map((host) => numberOf(host.id)),
    hostSite: hosts.map((host) => numberOf(host.site)),
    hostCountry: hosts.map((host) => numberOf(host.country)),
    hostWeight: hosts.map((host) => host.weight),
    hostPrivate: hosts.map((host) => (host.private ? 1 : 0)),
    hostAllowedStarts: allowed.starts,
    hostAllowed: allowed.values,
    hostAsnStarts: asns.starts,
    hostAsns: asns.values,
    hostNetblockStarts: netblocks.starts,
    hostNetblocks: netblocks.values,
    asn: byAsn.keys,
    asnHostStarts: byAsn.ranges.starts,
    asnHosts: byAsn.ranges.values,
  };
};

const printCarriers = (carriers: readonly SnapshotCarrier[], numberOf: NumberOf) => {
  const urls = carriers.flatMap((carrier) => carrier.urls);
  return {
    carrierHost: carriers.map((carrier) => carrier.host),
    carrierCategory: carriers.map((carrier) => carrier.category),
    carrierState: carriers.map((carrier) => CARRIER_STATES.indexOf(carrier.state)),
    carrierUrlStarts: rangesOf(carriers, (carrier) => carrier.urls.map(() => 0)).starts,
    urlProtocol: urls.map((url) => PROTOCOLS.indexOf(url.protocol)),
    urlText: urls.map((url) => numberOf(url.url)),
    evidenceAtMs: carriers.map((carrier) => carrier.evidence?.atMs ?? Number.NaN),
    evidenceUrl: carriers.map((carrier) => numberOf(carrier.evidence?.url ?? '')),
    evidenceText: carriers.map((carrier) => numberOf(carrier.evidence?.text ?? '')),
  };
};

const printDirectories = (document: SnapshotDocument, numberOf: NumberOf) => {
  const rows = document.directories.map((directory) => ({ path: numberOf(directory.path), directory }));
  rows.sort((a, b) => a.path - b.path);
  const lists = document.standings.flatMap((standings) => STANDING_LISTS.map((list) => standings[list]));
  const standings = rangesOf(lists, (list) => list);
  return {
    standingStarts: standings.starts,
    standingCarriers: standings.values,
    directoryPath: rows.map((row) => row.path),
    directoryCategory: rows.map((row) => row.directory.category),
    directoryStandings: rows.map((row) => row.directory.standings),
  };
};

const printRepositories = (document: SnapshotDocument, numberOf: NumberOf) => {
  const rows = document.repositories.map((row) => ({ row, repo: numberOf(row.repo), arch: numberOf(row.arch) }));
  rows.sort((a, b) => a.repo - b.repo || a.arch - b.arch);
  const repositories = rows.map(({ row }) => row);
  const heads = repositories.flatMap((repository) => repository.heads);
  return {
    repositoryRepo: rows.map((row) => row.repo),
    repositoryArch: rows.map((row) => row.arch),
    repositoryType: repositories.map((row) => REPOSITORY_TYPES.indexOf(row.type)),
    repositoryDisabled: repositories.map((row) => (row.disabled ? 1 : 0)),
    repositoryCategory: repositories.map((row) => row.category),
    repositoryDirectory: repositories.map((row) => numberOf(row.directory)),
    repositoryHeadPath: repositories.map((row) => numberOf(row.headPath)),
    repositoryStandings: repositories.map((row) => row.standings),
    repositoryHeadStarts: rangesOf(repositories, (row) => row.heads.map(() => 0)).starts,
    headSize: heads.map((head) => head.sizeBytes),
    headTimestamp: heads.map((head) => head.timestampSeconds),
    headFirstSeenMs: heads.map((head) => head.firstSeenMs),
    headMd5: heads.map((head) => numberOf(head.hashes.md5)),
    headSha1: heads.map((head) => numberOf(head.hashes.sha1)),
    headSha256: heads.map((head) => numberOf(head.hashes.sha256)),
    headSha512: heads.map((head) => numberOf(head.hashes.sha512)),
  };
};

const sortedPairs = (pairs: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] =>
  [...pairs].sort((a, b) => a[0] - b[0] || a[1] - b[1]);

const printNames = (
  document: SnapshotDocument,
  numberOf: NumberOf,
): Part<'aliasFrom' | 'aliasTo' | 'continentCountry' | 'continentName'> => {
  const aliases = sortedPairs(document.aliases.map(({ from, to }) => [numberOf(from), numberOf(to)]));
  const continents = sortedPairs(document.continents.map(({ country, continent }) => [numberOf(country), numberOf(continent)]));
  return {
    aliasFrom: aliases.map(([from]) => from),
    aliasTo: aliases.map(([, to]) => to),
    continentCountry: continents.map(([country]) => country),
    continentName: continents.map(([, continent]) => continent),
  };
};

export const printSnapshot = (document: SnapshotDocument): Uint8Array => {
  const text = printText(everyText(document));
  const { numberOf } = text;
  return printColumns(SNAPSHOT_SCHEMA, SNAPSHOT_VERSION, {
    textBytes: text.bytes,
    textStarts: text.starts,
    ...printSettings(document, numberOf),
    ...printHosts(document.hosts, numberOf),
    ...printCarriers(document.carriers, numberOf),
    ...printDirectories(document, numberOf),
    ...printRepositories(document, numberOf),
    ...printNames(document, numberOf),
    ...printNetblocks(document.hosts, numberOf),
  });
};
