/**
 * How the indexes of a suite are named. One index is listed in several compressions, of which clients take the one that they like;
 * where the suite announces by-hash, they ask for it by the strongest of its digests first.
 */
import type { AptListed } from './apt-documents.ts';
import { folderOf, joined, nameOf } from './expected-file.ts';

const COMPRESSED = /\.(?:gz|zst|bz2|xz|lzma|lz4)$/;
/** What is cheapest to read first; xz cannot be read, and the reader says so. */
const READ_ORDER = ['.gz', '.zst', '', '.bz2', '.xz', '.lzma', '.lz4'];
const PACKAGES = /^(?!.*debian-installer\/)(?:.+\/)?binary-[^/]+\/Packages$/;
const ALL_PACKAGES = /(?:^|\/)binary-all\/Packages$/;
const POOL_INDEX = /(?:^|\/)(?:Packages|Sources)$/;

/** Without an extension of compression. */
const indexBase = (path: string): string => path.replace(COMPRESSED, '');

/** All that is listed, by the index that it is a compression of. */
export const listedIndexes = (files: readonly AptListed[]): ReadonlyMap<string, readonly AptListed[]> =>
  Map.groupBy(files, ({ path }) => indexBase(path));

/** Which kind of packages the index lists, if any. */
export const poolIndexKind = (base: string): 'Packages' | 'Sources' | undefined => {
  if (!POOL_INDEX.test(base)) return undefined;
  return nameOf(base) === 'Sources' ? 'Sources' : 'Packages';
};

const readRank = ({ path }: AptListed): number => READ_ORDER.indexOf(path.slice(indexBase(path).length));

/** Of compressions of one index that are all there, the one to read. */
export const easiestToRead = (files: readonly AptListed[]): AptListed | undefined =>
  files.toSorted((one, other) => readRank(one) - readRank(other))[0];

/** Where clients look for it by a digest, seen from the suite; where apt looks, which takes the strongest, comes first. */
export const byHashPaths = ({ path, sha256, sha512 }: AptListed): readonly string[] => {
  const names = [sha512 && `SHA512/${sha512.hex}`, sha256 && `SHA256/${sha256.hex}`];
  return names.filter((name) => name !== undefined).map((name) => joined(folderOf(path), `by-hash/${name}`));
};

export const announcesByHash = (fields: ReadonlyMap<string, string>): boolean => fields.get('acquire-by-hash') === 'yes';

/** Where packages of all architectures are in the indexes of each, apt does not ask for theirs. */
export const mustBeThere = (base: string, fields: ReadonlyMap<string, string>): boolean => {
  const inOthers = fields.get('no-support-for-architecture-all') === 'Packages' && ALL_PACKAGES.test(base);
  return PACKAGES.test(base) && !inOthers;
};

/**
 * In which order the compressions of an index are worth asking for: those of the first group that has any are enough. Archives list
 * the plain form of most indexes without having it, and no client takes it where there is another.
 */
export const askingOrder = (base: string, listed: readonly AptListed[]): readonly (readonly AptListed[])[] => {
  const proved = listed.filter(({ sha256, sha512 }) => sha256 !== undefined || sha512 !== undefined);
  return [proved.filter(({ path }) => path !== base), proved.filter(({ path }) => path === base)];
};
