import { RPM_HEAD } from '#domain/master/head-names.ts';
import { statedFile, type WantedFile } from '#domain/volume/upstream/wanted-file.ts';
import { pathBelow } from '#domain/volume/validate/expected-file.ts';
import type { RpmIndex, RpmLocation } from '#domain/volume/validate/rpm-repository.ts';
import { MAX_REPOMD_BYTES, parseRpmIndexes } from '#wire/rpm/parse-rpm-indexes.ts';
import { MAX_INDEX_BYTES, rpmDocuments } from '#wire/rpm/rpm-documents.ts';
import type { ReadingPorts } from '#wire/volume/read-file.ts';
import { broken } from '../update-stopped.ts';
import type { UpstreamFiles } from './upstream-files.ts';
import { documentTree, type ListedFiles, listedFiles, readable, type UpstreamReader } from './upstream-reader.ts';

/** Beside the head, and named nowhere. */
const UNLISTED = [`${RPM_HEAD}.asc`, `${RPM_HEAD}.key`];

const located = ({ href, base }: RpmLocation, said: string): string => {
  const path = base === undefined ? pathBelow('', href) : undefined;
  if (path === undefined) throw broken(JSON.stringify(href), `leads out of the repository, and ${said} names it`);
  return path;
};

const indexFile = ({ location, digest, sizeBytes }: RpmIndex): WantedFile =>
  statedFile(located(location, RPM_HEAD), digest, sizeBytes);

const addPackages = async (wanted: ListedFiles, files: UpstreamFiles, ports: ReadingPorts, primary: RpmIndex): Promise<void> => {
  const file = indexFile(primary);
  const { packages } = rpmDocuments(documentTree(await files.document(file, MAX_INDEX_BYTES)), ports);
  let count = 0;
  for await (const part of packages(file.path, primary.openDigest)) {
    if (part.kind === 'end') {
      if ((part.announced ?? count) !== count)
        throw broken(file.path, `says that it has ${part.announced} packages, and has ${count}`);
      continue;
    }
    count += part.packages.length;
    for (const { location, digest, sizeBytes } of part.packages)
      wanted.add(statedFile(located(location, file.path), digest, sizeBytes));
  }
};

/** One repository: repomd.xml names the indexes, and the index `primary` the packages. */
export const rpmUpstream = (files: UpstreamFiles, ports: ReadingPorts, excludes: readonly string[]): UpstreamReader => ({
  confirm: 'at-once',
  list: async (known) => {
    const head = await files.head(RPM_HEAD, MAX_REPOMD_BYTES, known);
    if (head === 'same') return 'same';
    if (head === undefined) throw broken(RPM_HEAD, 'is not there');
    const wanted = listedFiles(excludes);
    wanted.add(head.file);
    const indexes = await readable(RPM_HEAD, async () => parseRpmIndexes(head.bytes));
    for (const index of indexes) wanted.add(indexFile(index));
    const [primary, ...others] = indexes.filter(({ type }) => type === 'primary');
    if (primary === undefined || others.length > 0) throw broken(RPM_HEAD, 'does not name one index of packages');
    await readable(indexFile(primary).path, () => addPackages(wanted, files, ports, primary));
    for (const path of UNLISTED) {
      const file = await files.unlisted(path);
      if (file !== undefined) wanted.add(file);
    }
    return { heads: [head.head], files: wanted.files };
  },
});
