/**
 * Who may do what through the administration's API. Administrators of the network are the members of groups that the identity
 * provider knows; everybody else has the rights of the sites that list him or her. The limits of netblocks are MirrorManager2's:
 * a large one draws the clients of many others to one host, so an administrator has to agree.
 */
export interface AccessPolicy {
  /** Members of any of these groups are administrators of the network; nobody is while there are none. */
  readonly administratorGroups: readonly string[];
  /** Claims of the identity provider's tokens that say who somebody is, and in which groups. */
  readonly userClaim: string;
  readonly groupsClaim: string;
  readonly siteCreation: 'anyone' | 'administrators';
  /** Netblocks with a shorter prefix than this are registered by administrators only. */
  readonly minimumPrefix: { readonly ipv4: number; readonly ipv6: number };
}

export const DEFAULT_ACCESS_POLICY: AccessPolicy = {
  administratorGroups: [],
  userClaim: 'sub',
  groupsClaim: 'groups',
  siteCreation: 'anyone',
  minimumPrefix: { ipv4: 16, ipv6: 32 },
};
