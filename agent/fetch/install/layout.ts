import { basename, dirname, join } from 'node:path';
import { type Digest, digestName } from '#domain/artefact/digest.ts';

/** Written into a tree when all the rest of it is on disk; no archive may have a file of this name. */
export const MARKER_NAME = '.mirrortide-complete.json';

/** Where things are for one destination. All but the destination itself are in the folder `….d` beside it. */
export interface Layout {
  readonly destination: string;
  /** The folder of the destination. */
  readonly parent: string;
  readonly store: string;
  readonly cache: string;
  readonly state: string;
  readonly lock: string;
  /** A new link, before it takes the destination's place. */
  readonly nextLink: string;
  readonly cached: (digest: Digest) => string;
  readonly part: (digest: Digest) => string;
  readonly partValidator: (digest: Digest) => string;
  /** A folder of the store. */
  readonly tree: (name: string) => string;
  /** What the destination's link says when it leads to that folder. */
  readonly targetOf: (name: string) => string;
  /** The other way round; undefined for a link that leads elsewhere. */
  readonly nameOf: (target: string) => string | undefined;
}

export function layoutOf(destination: string): Layout {
  const store = `${destination}.d`;
  const cache = join(store, 'cache');
  const prefix = `${basename(store)}/`;
  const cached = (digest: Digest): string => join(cache, digestName(digest));
  return {
    destination,
    parent: dirname(destination),
    store,
    cache,
    state: join(store, 'state.json'),
    lock: join(store, 'lock'),
    nextLink: join(store, 'next'),
    cached,
    part: (digest) => `${cached(digest)}.part`,
    partValidator: (digest) => `${cached(digest)}.validator`,
    tree: (name) => join(store, name),
    targetOf: (name) => `${prefix}${name}`,
    nameOf: (target) => {
      const name = target.startsWith(prefix) ? target.slice(prefix.length) : '';
      return name === '' || name.includes('/') ? undefined : name;
    },
  };
}

/** A tree that this program unpacked; the number tells it from a damaged one of the same digest. */
const TREE = /^(?:sha512|sha384|sha256|sha1|md5)-[0-9a-f]+(?:\.\d+)?$/;
const ADOPTED = /^adopted-\d+$/;

export const isTreeName = (name: string): boolean => TREE.test(name);
/** A folder that was at the destination before this program first ran. */
export const isAdoptedName = (name: string): boolean => ADOPTED.test(name);
export const unfinishedName = (name: string): string => `${name}.tmp`;
export const isUnfinishedName = (name: string): boolean => name.endsWith('.tmp') && TREE.test(name.slice(0, -'.tmp'.length));
export const trashName = (name: string): string => `trash-${name}`;
export const isTrashName = (name: string): boolean => name.startsWith('trash-');
