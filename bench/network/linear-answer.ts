/**
 * The baseline: a metalink answered the way mirrorlist-server does it, on the same data. Data is the parsed JSON document; every
 * lookup is a scan from the start that compares text (the directory table, the netblocks, whose text is parsed on every request,
 * the hosts of an ASN); URLs are built once to count hosts and once to answer; the whole continent is shuffled by repeated
 * weighted draws. Kept simple and fair: no allocation that the original does not make either.
 */
import { httpDate } from '#domain/answer/http-date.ts';
import { containsNetblock, parseNetblock } from '#domain/selection/netblock.ts';
import type { SnapshotDocument, SnapshotHost } from '#domain/snapshot/document.ts';
import type { Random } from './random.ts';

export interface LinearClient {
  readonly address: string;
  readonly country: string | undefined;
}

interface Candidate {
  readonly host: SnapshotHost;
  readonly urls: readonly string[];
}

const weightedDraws = (candidates: readonly Candidate[], random: Random): Candidate[] => {
  const rest = [...candidates];
  const drawn: Candidate[] = [];
  while (rest.length > 0) {
    let at = random.next() * rest.reduce((sum, one) => sum + one.host.weight, 0);
    let index = 0;
    while (index < rest.length - 1 && at >= (rest[index]?.host.weight ?? 0)) {
      at -= rest[index]?.host.weight ?? 0;
      index += 1;
    }
    drawn.push(...rest.splice(index, 1));
  }
  return drawn;
};

const continentOf = (document: SnapshotDocument, country: string): string | undefined =>
  document.continents.find((row) => row.country === country)?.continent;

const candidatesIn = (document: SnapshotDocument, directory: string, file: string): Candidate[] => {
  const row = document.directories.find((one) => one.path === directory);
  if (row === undefined) return [];
  const top = document.categories[row.category]?.topDirectory ?? '';
  return (document.standings[row.standings]?.current ?? []).flatMap((index) => {
    const carrier = document.carriers[index];
    const host = carrier === undefined ? undefined : document.hosts[carrier.host];
    if (carrier === undefined || host === undefined) return [];
    return [{ host, urls: carrier.urls.map(({ url }) => `${url}${directory.slice(top.length)}/${file}`) }];
  });
};

const nearTo = (document: SnapshotDocument, client: LinearClient): ((host: SnapshotHost) => number) => {
  const address = parseNetblock(client.address);
  const matched = new Set<SnapshotHost>();
  for (const host of document.hosts) {
    for (const text of host.netblocks) {
      const block = parseNetblock(text);
      if (block !== undefined && address !== undefined && containsNetblock(block, address)) matched.add(host);
    }
  }
  const continent = client.country === undefined ? undefined : continentOf(document, client.country);
  return (host) => {
    if (matched.has(host)) return 0;
    if (host.private) return 4;
    if (host.country === client.country) return 1;
    return continent !== undefined && continentOf(document, host.country) === continent ? 2 : 3;
  };
};

/** The XML of a repository's metalink, up to `maximumHosts` hosts; `undefined` when it is not known. */
export const linearMetalink = (
  document: SnapshotDocument,
  repo: string,
  arch: string,
  client: LinearClient,
  random: Random,
): string | undefined => {
  const repository = document.repositories.find((one) => one.repo === repo && one.arch === arch);
  if (repository === undefined) return undefined;
  const slash = repository.headPath.lastIndexOf('/');
  const [directory, file] = [repository.headPath.slice(0, slash), repository.headPath.slice(slash + 1)];
  const near = nearTo(document, client);
  const counted = candidatesIn(document, directory, file).filter(({ host, urls }) => urls.length > 0 && near(host) < 3).length;
  const tiers: Candidate[][] = [[], [], [], []];
  for (const one of candidatesIn(document, directory, file)) tiers[near(one.host)]?.push(one);
  const reached = counted < document.settings.minimumHosts ? tiers : tiers.slice(0, 3);
  const ordered = reached.flatMap((tier) => weightedDraws(tier, random)).slice(0, document.settings.maximumHosts);
  const head = repository.heads[0];
  const hashes = Object.entries(head?.hashes ?? {}).map(([type, value]) => `    <hash type="${type}">${value}</hash>\n`);
  const urls = ordered.map(({ host, urls: own }, index) =>
    own
      .map((url) => {
        const protocol = url.split(':')[0];
        return `    <url protocol="${protocol}" type="${protocol}" location="${host.country}" preference="${Math.max(1, 100 - index)}">${url}</url>\n`;
      })
      .join(''),
  );
  return `<?xml version="1.0" encoding="utf-8"?>\n<metalink version="3.0" pubdate="${httpDate(Date.now())}">\n${hashes.join('')}${urls.join('')}</metalink>\n`;
};
