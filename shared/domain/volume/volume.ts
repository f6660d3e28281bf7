/**
 * A volume is a tree of content that is staged, released and rolled back whole, below one path of the network's host. What people
 * declare about it is here; what happened to it is in its releases. The guards exist because the most frequent accident of a
 * mirror is an upstream that was emptied or truncated and then copied faithfully.
 */

/** Lower-case slug, as the ids of hosts; unique in the network. */
export type VolumeId = string;

/** What is in a volume decides which validator looks at a release before anybody else does. */
export const VOLUME_TYPES = ['files', 'rpm', 'apt', 'pypi', 'wheel'] as const;
export type VolumeType = (typeof VOLUME_TYPES)[number];

/** Users as the identity provider names them, or `group:NAME` for everybody in one of its groups. */
export type Principal = string;

/** Who may do what with one volume; administrators of the network may do everything. */
export interface VolumeRoles {
  /** Stage, upload, have checked, abort; nothing that clients see. */
  readonly publishers: readonly Principal[];
  /** Make a validated release current. */
  readonly releasers: readonly Principal[];
  /** Roll back, hold, resume, pin, ask for an update. */
  readonly operators: readonly Principal[];
}

/** Where a volume is copied from at its times, under the volume's lease. */
export interface VolumeUpstream {
  /** `http`: indexes say what there is, by the volume's type. `rsync`: the module is listed. */
  readonly kind: 'http' | 'rsync';
  /** Of the tree's top, without a slash at the end. */
  readonly url: string;
  /** Where files that rsync lists are read from, over HTTP. */
  readonly filesUrl?: string;
  /** Of an archive of Debian packages over HTTP: folders below `dists`, since HTTP lists nothing. */
  readonly suites?: readonly string[];
  /** Of an index of Python packages: the projects to copy; absent: all that it lists. */
  readonly projects?: readonly string[];
  /** Regular expressions over paths, whole path: what they fit is not copied. */
  readonly excludes: readonly string[];
  readonly everyMs: number;
  /** `false`: a validated update waits for a releaser. */
  readonly release: boolean;
}

export interface Volume {
  readonly id: VolumeId;
  /** Path below the host's root, without a slash at either end: `ubuntu`, `wheel/debian-12-x86_64`. No mount is below another. */
  readonly mount: string;
  readonly type: VolumeType;
  /** Most bytes of one release. */
  readonly quotaBytes?: number;
  /** Share of files, 0 to 1, that a release may have fewer than the one before. */
  readonly maximumShrinkShare: number;
  /** Share of bytes that a release may have more than the one before. */
  readonly maximumGrowthShare?: number;
  /** Superseded releases kept for rollback, newest first, whatever their age. */
  readonly retain: number;
  /** How long paths of a superseded release still resolve, for clients that read the index before the change. */
  readonly graceMs: number;
  /** Absent: administrators of the network only. */
  readonly roles?: VolumeRoles;
  readonly upstream?: VolumeUpstream;
  readonly comment?: string;
}

export const DEFAULT_SHRINK_SHARE = 0.2;
export const DEFAULT_RETAIN = 10;
/** 48 hours: longer than an index stays in the caches of anybody who refreshes daily. */
export const DEFAULT_GRACE_MS = 172_800_000;
