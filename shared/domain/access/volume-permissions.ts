/**
 * Who may do what with volumes: one table of operations by roles. Each volume names its publishers, releasers and operators, by
 * user or by group of the identity provider, and no role includes another: that a job may publish does not let it release, and
 * whoever takes a release back at night need not be able to publish. Administrators of the network may do everything, and with
 * a volume that names nobody only they may. What volumes have and had is no secret: whoever has a token reads it.
 */
import type { Principal, Volume } from '../volume/volume.ts';

export const VOLUME_ROLES = ['publisher', 'releaser', 'operator'] as const;
export type VolumeRole = (typeof VOLUME_ROLES)[number];

/** Who is needed at least; administrators always may. */
export type VolumeGrant = VolumeRole | 'anybody' | 'administrator';

export const VOLUME_PERMISSIONS = {
  'volume.read': 'anybody',
  'release.stage': 'publisher',
  'release.upload': 'publisher',
  'release.seal': 'publisher',
  'release.abort': 'publisher',
  'volume.lease': 'publisher',
  'release.commit': 'releaser',
  'release.roll-back': 'operator',
  'release.pin': 'operator',
  'volume.hold': 'operator',
  'volume.resume': 'operator',
  'volume.update': 'operator',
  'garbage.read': 'anybody',
  'garbage.run': 'administrator',
} as const satisfies Readonly<Record<string, VolumeGrant>>;

export type VolumeOperation = keyof typeof VOLUME_PERMISSIONS;

/** Somebody with a token of the identity provider. */
export interface Member {
  readonly name: string;
  readonly groups: readonly string[];
  /** Of the network. */
  readonly administrator: boolean;
}

const GROUP = 'group:';

/** What begins like a group is one: no user can be named so that a group's rights become his. */
const isMeant = (member: Member, principal: Principal): boolean =>
  principal.startsWith(GROUP) ? member.groups.includes(principal.slice(GROUP.length)) : principal === member.name;

/** Whether a volume gives somebody a role; administrators have all. */
export const hasRole = (member: Member, role: VolumeRole, { roles }: Pick<Volume, 'roles'>): boolean =>
  member.administrator || (roles?.[`${role}s`] ?? []).some((principal) => isMeant(member, principal));

/** `volume` is undefined for what concerns no single one. */
export const mayDoWithVolume = (
  member: Member,
  operation: VolumeOperation,
  volume: Pick<Volume, 'roles'> | undefined,
): boolean => {
  const grant: VolumeGrant = VOLUME_PERMISSIONS[operation];
  if (grant === 'anybody' || member.administrator) return true;
  return grant !== 'administrator' && volume !== undefined && hasRole(member, grant, volume);
};
