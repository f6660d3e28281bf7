// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${name} is how the templates of repository rules are written
import type { DrainPolicy } from '#domain/drain/drain-policy.ts';
import type { Category, Host, Inventory, Master, RepositoryRule, RepositoryType, Site } from '#domain/inventory/inventory.ts';
import { patternGroups } from '#domain/master/pattern-problem.ts';
import { canonicalNetblock } from './netblock.ts';
import type { NetworkFile } from './network-file-schema.ts';
import { toContentRules } from './to-content-rules.ts';
import { toLockRules } from './to-lock-rules.ts';
import { parseTreeUrl } from './url.ts';

type FileCategory = NetworkFile['categories'][number];
type FileRule = FileCategory['rules'][number];
type FileHost = NetworkFile['hosts'][number];
/** Makes a path of a local directory absolute. */
export type ResolveDirectory = (path: string) => string;

const unique = <T>(values: readonly T[]): readonly T[] => [...new Set(values)];

/** Of a rule that says none. */
export const defaultArch = (type: RepositoryType, match: string): string => {
  if (patternGroups(match).includes('arch')) return '${arch}';
  return type === 'files' ? 'noarch' : '';
};

const toRule = (rule: FileRule): RepositoryRule => {
  if (rule.ignore !== undefined) return { kind: 'ignore', match: rule.ignore };
  const match = rule.match ?? '';
  const type = rule.type ?? 'rpm';
  const arch = rule.arch ?? defaultArch(type, match);
  return { kind: 'repository', match, type, repo: rule.repo ?? '', arch, directory: rule.directory };
};

/** Where heads are when a file list says nothing of them: beside the list. */
export const defaultHeads = (listUrl: string, stripPrefix: string): string => {
  const folder = listUrl.slice(0, listUrl.lastIndexOf('/'));
  return stripPrefix === '' ? folder : `${folder}/${stripPrefix}`;
};

const fileListMaster = (listUrl: string, stripPrefix: string, heads: string | undefined): Master => ({
  kind: 'fullfiletimelist',
  listUrl,
  stripPrefix,
  headsUrl: heads ?? defaultHeads(listUrl, stripPrefix),
});

const canonicalUrl = (input: string): string => {
  const parsed = parseTreeUrl(input, ['http', 'https']);
  return 'value' in parsed ? parsed.value.url : input;
};

/** One spelling per directory, whoever made it absolute: `/srv/./a//b` and `/srv/a/b` are compared as texts. */
const directoryMaster = (path: string): Master => {
  if (!path.startsWith('/')) return { kind: 'directory', path };
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return { kind: 'directory', path: `/${parts.join('/')}` };
};

const toMaster = (master: FileCategory['master'], resolve: ResolveDirectory): Master => {
  if (typeof master === 'string') {
    return /^https?:/i.test(master) ? fileListMaster(canonicalUrl(master), '', undefined) : directoryMaster(resolve(master));
  }
  if (master.rsync !== undefined) return { kind: 'rsync', url: master.rsync, headsUrl: master.heads ?? '' };
  if (master.fullfiletimelist !== undefined)
    return fileListMaster(master.fullfiletimelist, master.stripPrefix ?? '', master.heads);
  if (master.url !== undefined) return { kind: 'heads-only', url: master.url, repositories: unique(master.repositories ?? []) };
  return directoryMaster(resolve(master.directory ?? ''));
};

const toCategory = (category: FileCategory, resolve: ResolveDirectory): Category => ({
  id: category.id,
  topDirectory: category.topDirectory ?? category.id,
  master: toMaster(category.master, resolve),
  excludes: category.excludes,
  rules: category.rules.map(toRule),
  alternates: { propagationMs: category.alternates.propagation, staleMs: category.alternates.stale },
  schedule: {
    scanMasterMs: category.schedule.scanMaster,
    reachMs: category.schedule.reach,
    headsMs: category.schedule.heads,
    sampleMs: category.schedule.sample,
    fullMs: category.schedule.full,
    probeAfterChangeMs: unique(category.schedule.probeAfterChange).toSorted((left, right) => left - right),
  },
});

const toHost = ({ bandwidth, ...host }: FileHost): Host => ({
  ...host,
  site: host.site ?? host.id,
  bandwidthMbps: bandwidth,
  asn: host.asn,
  region: host.region,
  provider: host.provider,
  tier: host.tier,
  comment: host.comment,
  contacts: unique(host.contacts),
  peerAsns: unique(host.peerAsns),
  netblocks: unique(host.netblocks),
  countriesAllowed: unique(host.countriesAllowed),
});

/** The site of a host that names none. */
export const impliedSite = (id: string): Site => ({
  id,
  name: id,
  private: false,
  ownerActive: true,
  adminActive: true,
  url: undefined,
  contacts: [],
  admins: [],
});

const toSite = (site: NetworkFile['sites'][number]): Site => ({
  ...site,
  name: site.name ?? site.id,
  url: site.url,
  contacts: unique(site.contacts),
  admins: unique(site.admins),
});

const toDrain = (drain: NetworkFile['policies']['drain']): DrainPolicy => ({
  groups: drain.groups.map((group) => ({ ...group, categories: unique(group.categories) })),
  leaseMs: drain.lease,
  maximumMs: drain.maximum,
  ticketMs: drain.ticket,
  cacheBudgetMs: drain.cacheBudget,
  onFailure: drain.onFailure,
  lapsedAlarmMs: drain.lapsedAlarm,
});

/** A host without a site is a site of its own, unless a site of that name is declared. */
const impliedSites = (file: NetworkFile): readonly Site[] => {
  const declared = new Set(file.sites.map((site) => site.id));
  return file.hosts.filter((host) => host.site === undefined && !declared.has(host.id)).map((host) => impliedSite(host.id));
};

const netblockOf = (text: string): string => {
  const canonical = canonicalNetblock(text);
  return 'value' in canonical ? canonical.value : text;
};

/** From a file without problems to the domain's words. */
export const toInventory = (file: NetworkFile, resolve: ResolveDirectory): Inventory => ({
  settings: {
    name: file.network.name,
    answer: { ...file.policies.answer, embargoedCountries: unique(file.policies.answer.embargoedCountries) },
    crawl: { contact: file.network.contact, ...file.policies.crawl },
    guard: file.policies.guard,
    access: { ...file.policies.access, administratorGroups: unique(file.policies.access.administratorGroups) },
    drain: toDrain(file.policies.drain),
    aliases: Object.entries(file.aliases).map(([from, to]) => ({ from, to })),
    disabled: file.disabled.map(({ repo, arch }) => ({ repo, arch })),
    countryOverrides: Object.entries(file.countryOverrides).map(([text, country]) => ({ netblock: netblockOf(text), country })),
    continentOverrides: Object.entries(file.continentOverrides).map(([country, continent]) => ({ country, continent })),
  },
  ...(file.locks !== undefined && { locks: toLockRules(file.locks) }),
  ...(file.content !== undefined && { content: toContentRules(file.content) }),
  sites: [...file.sites.map(toSite), ...impliedSites(file)],
  categories: file.categories.map((category) => toCategory(category, resolve)),
  hosts: file.hosts.map(toHost),
});
