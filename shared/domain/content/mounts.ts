/**
 * Where volumes are below the network's host name, and which of them a path is in. A mount is a path of whole segments and the
 * longest that fits answers, so `/wheel` never answers for `/wheelhouse`; none is below another, since the same URL would else mean
 * one thing or the other by what was declared last. `/ubuntu@12/…` and `/ubuntu@HASH/…` are one release of it, whether it was
 * released or not: what people look at before they release, and where they go to compare.
 */
import { isSha256, type Sha256 } from '../volume/tree.ts';
import { treePathProblem } from '../volume/tree-path.ts';
import type { Volume, VolumeId } from '../volume/volume.ts';
import { mirrorVariable } from './mirror-info.ts';

/** First segments that mean something else on the same host. */
export const RESERVED_SEGMENTS: readonly string[] = [
  '_o',
  'api',
  'dlmengine',
  'explain',
  'favicon.ico',
  'metalink',
  'mirror-info.sh',
  'mirrorlist',
  'oidc',
  'robots.txt',
  'snapshots',
  'static',
  'status',
  'status.json',
  'v1',
  'xmlrpc',
];

export interface MountProblem {
  /** Which of those that were given. */
  readonly at: number;
  readonly message: string;
}

type Mounted = Pick<Volume, 'id' | 'mount'>;

const ownProblem = ({ mount }: Mounted): string | undefined => {
  const problem = treePathProblem(mount);
  if (problem !== undefined) return problem;
  if (mount.includes('@')) return 'a mount has no @, which names a release';
  const [first = ''] = mount.split('/');
  return RESERVED_SEGMENTS.includes(first) ? `/${first} has another meaning here` : undefined;
};

const isBelow = (path: string, mount: string): boolean => path === mount || path.startsWith(`${mount}/`);

/** Of volumes and proxy volumes together: empty when every path is in one of them at most. */
export const mountProblems = (volumes: readonly Mounted[]): readonly MountProblem[] =>
  volumes.flatMap((volume, at) => {
    const own = ownProblem(volume);
    if (own !== undefined) return [{ at, message: own }];
    const above = volumes.find(
      (other, otherAt) => otherAt !== at && isBelow(volume.mount, other.mount) && (volume.mount !== other.mount || otherAt < at),
    );
    if (above !== undefined) return [{ at, message: `is at or below the mount of ${above.id}` }];
    // Machines know a mount by a variable that is named after it.
    const alike = volumes.slice(0, at).find(({ mount }) => mirrorVariable(volume.mount) === mirrorVariable(mount));
    return alike === undefined ? [] : [{ at, message: `differs from the mount of ${alike.id} in punctuation or case only` }];
  });

/** `current`: whatever the pointer names. */
export type ReleaseName =
  | { readonly kind: 'current' }
  | { readonly kind: 'sequence'; readonly sequence: number }
  | { readonly kind: 'root'; readonly root: Sha256 };

export interface ContentPath {
  readonly volume: VolumeId;
  readonly release: ReleaseName;
  /** Below the mount: no slash at the beginning, and one at the end for a directory; empty for the volume's top. */
  readonly path: string;
  /** Nothing follows the mount, not even the slash that relative links need. */
  readonly isBare: boolean;
}

const CURRENT: ReleaseName = { kind: 'current' };

export const releaseNamed = (text: string): ReleaseName | undefined => {
  if (/^[1-9]\d{0,8}$/.test(text)) return { kind: 'sequence', sequence: Number(text) };
  return isSha256(text) ? { kind: 'root', root: text } : undefined;
};

/** What follows the mount in the path: nothing, a slash and more, or an @ and a release first. */
const afterMount = (rest: string): Pick<ContentPath, 'release' | 'path' | 'isBare'> | undefined => {
  if (rest === '') return { release: CURRENT, path: '', isBare: true };
  if (rest.startsWith('/')) return { release: CURRENT, path: rest.slice(1), isBare: false };
  if (!rest.startsWith('@')) return undefined;
  const slash = rest.indexOf('/');
  const release = releaseNamed(slash === -1 ? rest.slice(1) : rest.slice(1, slash));
  if (release === undefined) return undefined;
  return { release, path: slash === -1 ? '' : rest.slice(slash + 1), isBare: slash === -1 };
};

/** `path` is decoded and begins with a slash. Undefined when it is in no volume. */
export const resolveMount = (volumes: readonly Mounted[], path: string): ContentPath | undefined => {
  const below = path.slice(1);
  for (const { id, mount } of volumes.toSorted((one, other) => other.mount.length - one.mount.length)) {
    const found = below.startsWith(mount) ? afterMount(below.slice(mount.length)) : undefined;
    if (found !== undefined) return { volume: id, ...found };
  }
  return undefined;
};
