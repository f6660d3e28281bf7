import { APT_HEADS } from '#domain/master/head-names.ts';
import type { UpstreamHead } from '#domain/volume/upstream/upstream-check.ts';
import { statedFile, type WantedFile } from '#domain/volume/upstream/wanted-file.ts';
import type { AptListed, AptRelease } from '#domain/volume/validate/apt-documents.ts';
import {
  announcesByHash,
  askingOrder,
  byHashPaths,
  easiestToRead,
  listedIndexes,
  mustBeThere,
  poolIndexKind,
} from '#domain/volume/validate/apt-indexes.ts';
import { joined, pathBelow } from '#domain/volume/validate/expected-file.ts';
import { aptDocuments, MAX_INDEX_BYTES } from '#wire/apt/apt-documents.ts';
import { MAX_RELEASE_BYTES, parseAptRelease } from '#wire/apt/parse-apt-release.ts';
import type { ReadingPorts } from '#wire/volume/read-file.ts';
import { broken } from '../update-stopped.ts';
import type { ReadHead, UpstreamFiles } from './upstream-files.ts';
import { documentTree, type ListedFiles, listedFiles, readable, type UpstreamReader } from './upstream-reader.ts';

interface Suite {
  readonly folder: string;
  readonly files: UpstreamFiles;
  readonly ports: ReadingPorts;
  readonly wanted: ListedFiles;
}

/** The heads of one suite that are there; `same` for those that are as they are known. */
type SeenHeads = ReadonlyMap<string, ReadHead | 'same'>;

const seenHeads = async (files: UpstreamFiles, folder: string, known: readonly UpstreamHead[]): Promise<SeenHeads> => {
  const seen = new Map<string, ReadHead | 'same'>();
  for (const name of APT_HEADS) {
    const path = joined(folder, name);
    const head = await files.head(path, MAX_RELEASE_BYTES, known);
    if (head !== undefined) seen.set(path, head);
  }
  if (seen.size === 0) throw broken(folder, 'has neither InRelease nor Release');
  return seen;
};

const listedFile = (folder: string, { path, sizeBytes, sha256, sha512 }: AptListed): WantedFile =>
  statedFile(joined(folder, path), sha256 ?? sha512, sizeBytes);

/** Archives list more than they have, so each compression of an index is asked for. */
const presentOf = async (
  { folder, files, wanted }: Suite,
  base: string,
  listed: readonly AptListed[],
): Promise<readonly AptListed[]> => {
  const included = listed.filter(({ path }) => !wanted.isExcluded(joined(folder, path)));
  for (const group of askingOrder(base, included)) {
    const found = await Promise.all(
      group.map(async (file) => ((await files.exists(joined(folder, file.path))) ? file : undefined)),
    );
    const present = found.filter((file) => file !== undefined);
    if (present.length > 0) return present;
  }
  return [];
};

const addPool = async ({ folder, files, ports, wanted }: Suite, base: string, present: readonly AptListed[]): Promise<void> => {
  const [kind, chosen] = [poolIndexKind(base), easiestToRead(present)];
  if (kind === undefined || chosen === undefined) return;
  const file = listedFile(folder, chosen);
  await readable(file.path, async () => {
    const { poolFiles } = aptDocuments(documentTree(await files.document(file, MAX_INDEX_BYTES)), ports);
    for await (const part of poolFiles(file.path, kind)) {
      if (part.kind === 'end') continue;
      for (const { path: written, digest, sizeBytes } of part.files) {
        const path = pathBelow('', written);
        if (path === undefined) throw broken(JSON.stringify(written), `leads out of the archive, and ${file.path} names it`);
        wanted.add(statedFile(path, digest, sizeBytes));
      }
    }
  });
};

const addIndex = async (suite: Suite, release: AptRelease, base: string, listed: readonly AptListed[]): Promise<void> => {
  const { folder, wanted } = suite;
  for (const { path } of listed) {
    if (pathBelow(folder, path) !== joined(folder, path)) throw broken(JSON.stringify(path), `leads out of ${folder}`);
  }
  const present = await presentOf(suite, base, listed);
  const isMissing = present.length === 0 && mustBeThere(base, release.fields);
  if (isMissing && !wanted.isExcluded(joined(folder, base))) throw broken(joined(folder, base), 'is listed and not there');
  for (const listedOne of present) {
    const file = listedFile(folder, listedOne);
    wanted.add(file);
    if (!announcesByHash(release.fields)) continue;
    for (const path of byHashPaths(listedOne)) wanted.add({ ...file, path: joined(folder, path), from: file.path });
  }
  await addPool(suite, base, present);
};

const addSuite = async (suite: Suite, heads: readonly ReadHead[]): Promise<void> => {
  const { folder, files, wanted } = suite;
  for (const { file } of heads) wanted.add(file);
  const signature = heads.some(({ file }) => file.path === joined(folder, 'Release'))
    ? await files.unlisted(joined(folder, 'Release.gpg'))
    : undefined;
  if (signature !== undefined) wanted.add(signature);
  const [first] = heads;
  if (first === undefined) return;
  const release = await readable(first.file.path, async () => parseAptRelease(first.bytes));
  for (const [base, listed] of listedIndexes(release.files)) await addIndex(suite, release, base, listed);
};

/** Suites of one archive: InRelease or Release names the indexes, and these the files of the pool. */
export const aptUpstream = (
  files: UpstreamFiles,
  ports: ReadingPorts,
  suites: readonly string[],
  excludes: readonly string[],
): UpstreamReader => ({
  confirm: 'at-once',
  list: async (known) => {
    if (suites.length === 0) throw broken('dists', 'cannot be listed over HTTP: the volume must declare its suites');
    const seen = new Map<string, SeenHeads>();
    for (const suite of suites) seen.set(`dists/${suite}`, await seenHeads(files, `dists/${suite}`, known));
    const all = new Map([...seen.values()].flatMap((heads) => [...heads]));
    if (all.size === known.length && [...all.values()].every((head) => head === 'same')) return 'same';
    const wanted = listedFiles(excludes);
    const read: ReadHead[] = [];
    for (const [folder, heads] of seen) {
      const ofSuite = await Promise.all([...heads].map(([path, head]) => readHead(files, known, path, head)));
      await addSuite({ folder, files, ports, wanted }, ofSuite);
      read.push(...ofSuite);
    }
    return { heads: read.map(({ head }) => head), files: wanted.files };
  },
});

const readHead = async (
  files: UpstreamFiles,
  known: readonly UpstreamHead[],
  path: string,
  head: ReadHead | 'same',
): Promise<ReadHead> => {
  if (head !== 'same') return head;
  const before = known.find((candidate) => candidate.path === path);
  if (before === undefined) throw new Error('a head is the same as one that is not known');
  return files.knownHead(before, MAX_RELEASE_BYTES);
};
