/**
 * Who may do what: one table of operations by roles. `any` is every row of the inventory; `own` is what belongs to a site that
 * names the user (for a host: the host itself); `policy` is what the network's `policies.access` says. A list shows what its
 * reader may read. MirrorManager2 asks whether somebody is admin of the host in the address and then changes whatever row the
 * request names; here every operation is asked about with the sites that it touches, the one that a host leaves included.
 */
import type { AccessPolicy } from '../inventory/access-policy.ts';
import type { Site, SiteId } from '../inventory/inventory.ts';
import { type Actor, isAdminOf, type Role, roleOf } from './actor.ts';

export type Grant = 'any' | 'own' | 'policy' | 'none';
type Row = Readonly<Record<Exclude<Role, 'nobody'>, Grant>>;

const row = (administrator: Grant, siteAdmin: Grant, user: Grant, host: Grant = 'none'): Row => ({
  administrator,
  'site-admin': siteAdmin,
  user,
  host,
});

export const PERMISSIONS = {
  'me.read': row('any', 'any', 'any'),
  'network.read': row('any', 'none', 'none'),
  'settings.read': row('any', 'none', 'none'),
  'settings.change': row('any', 'none', 'none'),
  'category.read': row('any', 'any', 'any'),
  'category.create': row('any', 'none', 'none'),
  'category.change': row('any', 'none', 'none'),
  'category.delete': row('any', 'none', 'none'),
  'site.read': row('any', 'own', 'none'),
  'site.create': row('any', 'policy', 'policy'),
  'site.change': row('any', 'own', 'none'),
  'site.delete': row('any', 'own', 'none'),
  'site.audit': row('any', 'own', 'none'),
  'host.read': row('any', 'own', 'none'),
  'host.create': row('any', 'own', 'none'),
  'host.change': row('any', 'own', 'none'),
  'host.delete': row('any', 'own', 'none'),
  'host.audit': row('any', 'own', 'none'),
  'token.read': row('any', 'own', 'none'),
  'token.issue': row('any', 'own', 'none'),
  'token.revoke': row('any', 'own', 'none'),
  'proof.read': row('any', 'own', 'none'),
  'proof.check': row('any', 'own', 'none'),
  'drain.hold': row('any', 'own', 'none'),
  'drain.release': row('any', 'own', 'none'),
  'network.audit': row('any', 'none', 'none'),
} as const satisfies Readonly<Record<string, Row>>;

export type Operation = keyof typeof PERMISSIONS;
export const OPERATIONS = Object.keys(PERMISSIONS) as readonly Operation[];

export interface AccessContext {
  readonly sites: readonly Site[];
  readonly policy: AccessPolicy;
}

/**
 * Whether the actor may do this to what belongs to these sites; all of them count, and of no site means of nobody's own. A site
 * that does not exist is nobody's.
 */
export const mayDo = (
  actor: Actor,
  operation: Operation,
  touched: readonly SiteId[],
  { sites, policy }: AccessContext,
): boolean => {
  const role = roleOf(actor, sites);
  if (role === 'nobody') return false;
  const grant: Grant = PERMISSIONS[operation][role];
  switch (grant) {
    case 'any':
      return true;
    case 'none':
      return false;
    case 'policy':
      return policy.siteCreation === 'anyone';
    case 'own':
      return (
        touched.length > 0 &&
        touched.every((id) =>
          isAdminOf(
            actor,
            sites.find((site) => site.id === id),
          ),
        )
      );
  }
};
