/**
 * Who asks for a change of the network, and in which role. An administrator of the network is whoever the identity provider
 * puts into one of the groups that the network names; a site admin is whoever a site names; a host proves itself by a token of
 * its own; and anybody else with a token of the identity provider is a user. The roles are MirrorManager2's, except that a host
 * used its site's password there.
 */
import type { AccessPolicy } from '../inventory/access-policy.ts';
import type { HostId, Site, SiteId } from '../inventory/inventory.ts';

export const ROLES = ['administrator', 'site-admin', 'user', 'host', 'nobody'] as const;
export type Role = (typeof ROLES)[number];

export type Actor =
  | { readonly kind: 'user'; readonly name: string; readonly administrator: boolean }
  | { readonly kind: 'host'; readonly host: HostId; readonly site: SiteId }
  | { readonly kind: 'nobody' };

/** What the claims of a verified token say. */
export type Claims = Readonly<Record<string, unknown>>;

const LONGEST_NAME = 200;

/** Lists come as lists, or from an HTTP API's authorizer as one text, `[a b]`; a single group may come bare. */
export const groupsOf = (claim: unknown): readonly string[] => {
  if (Array.isArray(claim)) return claim.filter((one): one is string => typeof one === 'string');
  if (typeof claim !== 'string' || claim === '') return [];
  const [, inside] = /^\[(.*)\]$/s.exec(claim) ?? [];
  return inside === undefined ? [claim] : inside.split(' ').filter((one) => one !== '');
};

const own = (claims: Claims | undefined, name: string): unknown =>
  claims !== undefined && Object.hasOwn(claims, name) ? claims[name] : undefined;

/** In which groups the claims say that somebody is. */
export const groupsOfClaims = (claims: Claims | undefined, policy: AccessPolicy): readonly string[] =>
  groupsOf(own(claims, policy.groupsClaim));

// Of any script, without control characters; a name stands in audit trails and in `admins` of sites.
const NAME = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;

/** Nobody when the claim that names the user is missing or is no name. */
export const actorOfClaims = (claims: Claims | undefined, policy: AccessPolicy): Actor => {
  const name = own(claims, policy.userClaim);
  if (typeof name !== 'string' || name.length > LONGEST_NAME || !NAME.test(name)) return { kind: 'nobody' };
  const administrator = groupsOfClaims(claims, policy).some((group) => policy.administratorGroups.includes(group));
  return { kind: 'user', name, administrator };
};

export const isAdminOf = (actor: Actor, site: Site | undefined): boolean =>
  actor.kind === 'user' && site !== undefined && site.admins.includes(actor.name);

export const roleOf = (actor: Actor, sites: readonly Site[]): Role => {
  if (actor.kind !== 'user') return actor.kind;
  if (actor.administrator) return 'administrator';
  return sites.some((site) => isAdminOf(actor, site)) ? 'site-admin' : 'user';
};
