/**
 * Which fields of a site or a host its own admins may not change, because they decide about more than the host: the
 * administrator's switch; what is believed without a look (`alwaysCurrent`); whose clients are sent there (peer networks, and
 * netblocks wider than the network's limit, which are judged where netblocks are read); the tier; and whether control of the URLs
 * was proved. A site admin makes a site private at will, but only an administrator makes a private site public, since that would
 * list hosts that nobody proved. What an administrator switched off cannot be deleted and declared anew.
 */
import type { Host, Site } from '../inventory/inventory.ts';

/** Steps from the entity to the field, as people write the entity. */
export interface FieldProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const ADMINISTRATORS_ONLY = 'only an administrator of the network may change this';
const sameList = (left: readonly unknown[], right: readonly unknown[]): boolean =>
  left.length === right.length && left.every((one, at) => one === right[at]);

const changed = (path: FieldProblem['path'], same: boolean): readonly FieldProblem[] =>
  same ? [] : [{ path, message: ADMINISTRATORS_ONLY }];

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
export const hostFieldProblems = (change: HostChange): readonly FieldProblem[] => {
  const { before, after, siteBefore } = change;
  const leaves = before !== undefined && before.site !== after.site && siteBefore?.adminActive === false;
  return [
    ...changed(['adminActive'], (before?.adminActive ?? true) === after.adminActive),
    ...changed(['peerAsns'], sameList(before?.peerAsns ?? [], after.peerAsns)),
    ...changed(['tier'], before?.tier === after.tier),
    ...alwaysCurrentProblems(before, after),
    ...(leaves ? [{ path: ['site'], message: 'the host belongs to a site that an administrator switched off' }] : []),
  ];
};

/** What a site admin may not change of a site. */
export const siteFieldProblems = (before: Site | undefined, after: Site): readonly FieldProblem[] => [
  ...changed(['adminActive'], (before?.adminActive ?? true) === after.adminActive),
  ...changed(['private'], before?.private !== true || after.private),
  ...(after.admins.length > 0 ? [] : [{ path: ['admins'], message: 'a site keeps at least one admin' }]),
];

/** Whether a site admin may remove it: what an administrator switched off would come back switched on. */
export const isRemovableByOwner = (switchedOff: readonly (Site | Host | undefined)[]): boolean =>
  switchedOff.every((one) => one?.adminActive !== false);
