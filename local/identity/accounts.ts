import { randomBytes } from 'node:crypto';
import type { Inventory } from '#domain/inventory/inventory.ts';
import type { Account } from './issuer.ts';

/** Whoever runs the network on this machine. */
const WRANGLER = 'wrangler';
const SECRET_BYTES = 18;

/** The wrangler, who is in every group of administrators that the network names, and everybody whom a site names as its admin. `secret`: the same for all; undefined makes one for each. */
export const accountsOf = (inventory: Inventory, secret: string | undefined): readonly Account[] => {
  const { administratorGroups } = inventory.settings.access;
  const own = (): string => secret ?? randomBytes(SECRET_BYTES).toString('base64url');
  const admins = new Set(inventory.sites.flatMap((site) => site.admins));
  admins.delete(WRANGLER);
  return [
    { name: WRANGLER, secret: own(), groups: administratorGroups },
    ...[...admins].map((name) => ({ name, secret: own(), groups: [] })),
  ];
};
