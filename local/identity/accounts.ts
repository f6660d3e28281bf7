import { randomBytes } from 'node:crypto';
import type { Inventory } from '#domain/inventory/inventory.ts';
import type { Account } from './issuer.ts';

/** Whoever runs the network on this machine. */
const WRANGLER = 'wrangler';
const SECRET_BYTES = 18;
/** How roles of volumes name everybody in a group. */
const GROUP = 'group:';

const principalsOf = ({ content }: Inventory): readonly string[] =>
  (content?.volumes ?? []).flatMap(({ roles }) =>
    roles === undefined ? [] : [...roles.publishers, ...roles.releasers, ...roles.operators],
  );

/**
 * The wrangler, who is in every group of administrators that the network names; everybody whom a site names as its admin, or a
 * volume in one of its roles; and for each group in such a role one account of its name. `secret`: the same for all; undefined
 * makes one for each.
 */
export const accountsOf = (inventory: Inventory, secret: string | undefined): readonly Account[] => {
  const { administratorGroups } = inventory.settings.access;
  const own = (): string => secret ?? randomBytes(SECRET_BYTES).toString('base64url');
  const groups = new Map<string, readonly string[]>();
  for (const name of inventory.sites.flatMap((site) => site.admins)) groups.set(name, []);
  for (const principal of principalsOf(inventory)) {
    if (!principal.startsWith(GROUP)) groups.set(principal, groups.get(principal) ?? []);
  }
  for (const principal of principalsOf(inventory)) {
    const group = principal.slice(GROUP.length);
    if (principal.startsWith(GROUP) && !administratorGroups.includes(group)) groups.set(group, [group]);
  }
  groups.delete(WRANGLER);
  return [
    { name: WRANGLER, secret: own(), groups: administratorGroups },
    ...[...groups].map(([name, inGroups]) => ({ name, secret: own(), groups: inGroups })),
  ];
};
