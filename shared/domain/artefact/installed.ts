/**
 * What a host has of an artefact, and what is left to do. The decision looks at what is installed, never at a downloaded file: a
 * host whose file was whole and whose tree was half unpacked once stayed broken for ever, because its cache said that nothing had
 * changed (openstack-ansible-os_horizon, 2016). Installed means: the state says so, the destination leads to that tree, and the
 * tree has the marker that is written into it last.
 */
import { type Digest, digestName, sameDigest } from './digest.ts';

/** One tree beside the destination, or what an operator had there before. */
export interface Release {
  /** What the destination's link says when it leads to this tree. */
  readonly target: string;
  /** Undefined for a tree that this program did not install. */
  readonly digest: Digest | undefined;
  /** The address it came from. */
  readonly artefact: string | undefined;
  readonly installedAt: string;
}

/** The digest that a publisher's word gave, and how to ask whether that has changed. */
export interface CheckedSource {
  readonly url: string;
  /** Says so itself in its headers, or is a list of checksums. */
  readonly kind: 'artefact' | 'list';
  /** Of the artefact that was asked for then. */
  readonly artefact: string;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  readonly digest: Digest;
}

/** After a tree was taken back only the hook runs, and what it says decides nothing: there is nothing further to go back to. */
export type DueHooks = 'installed' | 'taken_back';

export interface InstalledState {
  readonly current: Release | undefined;
  /** Latest first. */
  readonly previous: readonly Release[];
  /** Digests that were taken back, latest first; they are not installed again. */
  readonly bad: readonly Digest[];
  readonly checked: CheckedSource | undefined;
  /** The destination was switched, and the hooks that follow have not been seen to end. */
  readonly hooksDue: DueHooks | undefined;
}

export const NOTHING_INSTALLED: InstalledState = {
  current: undefined,
  previous: [],
  bad: [],
  checked: undefined,
  hooksDue: undefined,
};

export interface SeenTrees {
  /** The text of the destination's link; undefined when there is none. */
  readonly linkTarget: string | undefined;
  /** Targets of trees whose marker is whole, with the digest in it. */
  readonly whole: ReadonlyMap<string, Digest>;
}

export type FetchStep =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'bad' }
  /** Whole, but the destination does not lead there, or its hooks are due. */
  | { readonly kind: 'switch'; readonly target: string }
  | { readonly kind: 'install' };

/** What is to be done so that the destination holds the wanted artefact. */
export function nextStep(state: InstalledState, seen: SeenTrees, wanted: Digest): FetchStep {
  if (state.bad.some((digest) => sameDigest(digest, wanted))) return { kind: 'bad' };
  const current = state.current;
  if (current?.digest !== undefined && sameDigest(current.digest, wanted) && isWhole(seen, current.target, wanted))
    return seen.linkTarget === current.target && state.hooksDue === undefined
      ? { kind: 'unchanged' }
      : { kind: 'switch', target: current.target };
  const present = [...seen.whole].find(([, digest]) => sameDigest(digest, wanted));
  return present === undefined ? { kind: 'install' } : { kind: 'switch', target: present[0] };
}

const isWhole = (seen: SeenTrees, target: string, wanted: Digest): boolean => {
  const digest = seen.whole.get(target);
  return digest !== undefined && sameDigest(digest, wanted);
};

const MOST_BAD = 100;

/**
 * The state after the destination was switched to `next`; what was there becomes the first of the previous ones, unless it was the
 * same artefact, damaged.
 */
export function switchedTo(state: InstalledState, next: Release, hooks: boolean): InstalledState {
  const before = state.current === undefined ? state.previous : [state.current, ...state.previous];
  const previous = before.filter((release) => release.target !== next.target && !isSameArtefact(release, next));
  return { ...state, current: next, previous, hooksDue: hooks ? 'installed' : undefined };
}

const isSameArtefact = (one: Release, other: Release): boolean =>
  one.digest !== undefined && other.digest !== undefined && sameDigest(one.digest, other.digest);

/**
 * The state after what is current was taken back in favour of the first of the previous ones; without any the destination is
 * empty again. The digest that was taken back is bad from now on.
 */
export function takenBack(state: InstalledState, hooks: boolean): InstalledState {
  const [next, ...previous] = state.previous;
  const digest = state.current?.digest;
  const others = state.bad.filter((bad) => digest === undefined || !sameDigest(bad, digest));
  const bad = digest === undefined ? others : [digest, ...others].slice(0, MOST_BAD);
  return { ...state, current: next, previous, bad, hooksDue: hooks ? 'taken_back' : undefined };
}

/** Targets that must stay: the current tree and so many before it. */
export const keptTargets = (state: InstalledState, keep: number): readonly string[] =>
  [...(state.current === undefined ? [] : [state.current]), ...state.previous.slice(0, keep)].map(({ target }) => target);

/** How a tree's folder is called; a number tells it from a damaged one of the same digest that is still in use. */
export const treeName = (digest: Digest, taken: (name: string) => boolean): string => {
  const name = digestName(digest);
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? name : `${name}.${number}`;
    if (!taken(candidate)) return candidate;
  }
};
