import { covers, type Netblock, parseNetblock } from './netblock.ts';
import { type NetworkFileProblem, problem } from './problem.ts';
import { field, list, text } from './raw.ts';

/** Nobody on the internet has an address of these (RFC 1918, 4193, 6598, 3927, 4291, 1112). */
const NOT_PUBLIC = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/3',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
].flatMap((one) => parseNetblock(one) ?? []);

export interface NetblockLimits {
  /** The host or its site is private: its clients may well come from private ranges. */
  readonly private: boolean;
  /** `policies.crawl.allowedAddresses`: a network within these ranges has its clients there too. */
  readonly allowedAddresses: readonly string[];
  /** Fewest bits of a prefix; absent for administrators of the network, who may register any. */
  readonly minimumPrefix?: { readonly ipv4: number; readonly ipv6: number };
  /** What the host has already, canonical: an administrator agreed to it, so whoever changes something else may keep it. */
  readonly registered?: readonly string[];
}

const within = (inner: Netblock, outer: Netblock): boolean => inner.bits >= outer.bits && covers(outer, inner.network);

const sizeProblem = (netblock: Netblock, { minimumPrefix }: NetblockLimits): string | undefined => {
  const least = minimumPrefix?.[netblock.network.kind()];
  return least === undefined || netblock.bits >= least
    ? undefined
    : `has a shorter prefix than /${least}; an administrator of the network can register it`;
};

const rangeProblem = (netblock: Netblock, allowed: readonly Netblock[], isPrivate: boolean): string | undefined => {
  if (isPrivate || !NOT_PUBLIC.some((range) => within(netblock, range))) return undefined;
  if (allowed.some((range) => within(netblock, range))) return undefined;
  return `is a ${netblock.network.range()} range, and nobody comes from there to a public host; a host for its own clients only is \`private\``;
};

const parsed = (netblocks: readonly string[] = []): readonly Netblock[] => netblocks.flatMap((one) => parseNetblock(one) ?? []);

/** Client netblocks of one host, in the network file's shape, that nobody, or only an administrator, may register. */
export const netblockProblems = (host: unknown, limits: NetblockLimits): readonly NetworkFileProblem[] => {
  const netblocks = list(field(host, 'netblocks'));
  if (netblocks.length === 0) return [];
  const allowed = parsed(limits.allowedAddresses);
  const registered = parsed(limits.registered);
  return netblocks.flatMap((entry, at) => {
    const input = text(entry);
    const netblock = parseNetblock(input?.trim() ?? '');
    if (input === undefined || netblock === undefined) return [];
    const kept = registered.some((one) => within(one, netblock) && within(netblock, one));
    const wrong = rangeProblem(netblock, allowed, limits.private) ?? (kept ? undefined : sizeProblem(netblock, limits));
    return wrong === undefined ? [] : [problem(['netblocks', at], `${input} ${wrong}`)];
  });
};

/** Of every host; the file is the administrators', so a netblock may have any size. */
export const clientNetblockProblems = (document: unknown): readonly NetworkFileProblem[] => {
  const crawl = field(field(document, 'policies'), 'crawl');
  const allowedAddresses = list(field(crawl, 'allowedAddresses')).flatMap((entry) => text(entry) ?? []);
  const privateSites = new Set(
    list(field(document, 'sites')).flatMap((site) => (field(site, 'private') === true ? (text(field(site, 'id')) ?? []) : [])),
  );
  return list(field(document, 'hosts')).flatMap((host, at) => {
    const site = text(field(host, 'site')) ?? text(field(host, 'id')) ?? '';
    const limits = { private: field(host, 'private') === true || privateSites.has(site), allowedAddresses };
    return netblockProblems(host, limits).map((one) => ({ ...one, path: ['hosts', at, ...one.path] }));
  });
};
