/**
 * Which fields of a site or a host its own admins may not change, because they decide about more than the host: the
 * administrator's switch; what is believed without a look (`alwaysCurrent`); whose clients are sent there (peer networks, netblocks
 * wider than the network's limit, by default /16 and /32 as in MirrorManager2); the tier; and whether control of the URLs was
 * proved. A site admin makes a site private at will, but only an administrator makes a private site public, since that would
 * list hosts that nobody proved. What an administrator switched off cannot be deleted and declared anew.
 */
import type { AccessPolicy } from '../inventory/access-policy.ts';
import type { Host, Site } from '../inventory/inventory.ts';
import { containsNetblock, isIpv4, parseNetblock } from '../selection/netblock.ts';

/** Steps from the entity to the field, as people write the entity. */
export interface FieldProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const ADMINISTRATORS_ONLY = 'only an administrator of the network may change this';
const V4_BITS_BEFORE = 96;
const PRIVATE_RANGES = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'].flatMap((text) => parseNetblock(text) ?? []);

const sameList = (left: readonly unknown[], right: readonly unknown[]): boolean =>
  left.length === right.length && left.every((one, at) => one === right[at]);

const changed = (path: FieldProblem['path'], same: boolean): readonly FieldProblem[] =>
  same ? [] : [{ path, message: ADMINISTRATORS_ONLY }];

/** True for a range that stands in no public routing table. */
const isPrivateRange = (text: string): boolean => {
  const block = parseNetblock(text);
  return block !== undefined && PRIVATE_RANGES.some((range) => containsNetblock(range, block));
};

const widthProblem = (text: string, policy: AccessPolicy): string | undefined => {
  const block = parseNetblock(text);
  if (block === undefined) return undefined;
  const least = isIpv4(block) ? policy.minimumPrefix.ipv4 : policy.minimumPrefix.ipv6;
  const bits = isIpv4(block) ? block.prefix - V4_BITS_BEFORE : block.prefix;
  return bits < least ? `wider than /${least}; an administrator of the network may register it` : undefined;
};

/** Only netblocks that were not there before: those an administrator registered stay when the owner changes something else. */
const netblockProblems = (
  before: readonly string[],
  after: Host,
  isPublic: boolean,
  policy: AccessPolicy,
): readonly FieldProblem[] =>
  after.netblocks.flatMap((text, at) => {
    if (before.includes(text)) return [];
    const tooWide = widthProblem(text, policy);
    const message =
      tooWide ?? (isPublic && isPrivateRange(text) ? 'a private range; no client of a public mirror is in it' : undefined);
    return message === undefined ? [] : [{ path: ['netblocks', at], message }];
  });

const alwaysCurrentProblems = (before: Host | undefined, after: Host): readonly FieldProblem[] =>
  after.carries.flatMap((carriage, at) => {
    const earlier = before?.carries.find(({ category }) => category === carriage.category);
    return changed(['carries', at, 'alwaysCurrent'], (earlier?.alwaysCurrent ?? false) === carriage.alwaysCurrent);
  });

export interface HostChange {
  readonly before: Host | undefined;
  readonly after: Host;
  /** The host's sites, before and after. */
  readonly siteBefore: Site | undefined;
  readonly siteAfter: Site | undefined;
}

export const isPublicHost = (host: Host, site: Site | undefined): boolean => !host.private && site?.private !== true;

/** What a site admin may not change of a host; `pending` is judged by itself. */
export const hostFieldProblems = (change: HostChange, policy: AccessPolicy): readonly FieldProblem[] => {
  const { before, after, siteBefore, siteAfter } = change;
  const leaves = before !== undefined && before.site !== after.site && siteBefore?.adminActive === false;
  return [
    ...changed(['adminActive'], (before?.adminActive ?? true) === after.adminActive),
    ...changed(['peerAsns'], sameList(before?.peerAsns ?? [], after.peerAsns)),
    ...changed(['tier'], before?.tier === after.tier),
    ...alwaysCurrentProblems(before, after),
    ...netblockProblems(before?.netblocks ?? [], after, isPublicHost(after, siteAfter), policy),
    ...(leaves ? [{ path: ['site'], message: 'the host belongs to a site that an administrator switched off' }] : []),
  ];
};

/** What a site admin may not change of a site. */
export const siteFieldProblems = (before: Site | undefined, after: Site): readonly FieldProblem[] => [
  ...changed(['adminActive'], (before?.adminActive ?? true) === after.adminActive),
  ...changed(['private'], before?.private !== true || after.private),
  ...(after.admins.length > 0 ? [] : [{ path: ['admins'], message: 'a site keeps at least one admin' }]),
];
