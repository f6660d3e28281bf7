import type { Digest } from '#domain/artefact/digest.ts';
import type { TreeReader } from '#domain/volume/tree-reader.ts';
import type { RpmDocuments, RpmPackages } from '#domain/volume/validate/rpm-repository.ts';
import { digestOfFile, type ReadingPorts, readWhole, unpacked } from '../volume/read-file.ts';
import { utf8Stream } from '../volume/utf8-stream.ts';
import { packageScanner } from './package-scanner.ts';
import { MAX_REPOMD_BYTES, parseRpmIndexes } from './parse-rpm-indexes.ts';

/** Fedora's is 20 MB for 60,000 packages. */
export const MAX_INDEX_BYTES = 134_217_728;
const MAX_OPEN_BYTES = 4_294_967_296;

/** The documents of repositories of rpm packages. Indexes are read as gzip, zstd or plain text, whatever their names end in. */
export const rpmDocuments = (tree: TreeReader, ports: ReadingPorts): RpmDocuments => ({
  repomd: async (path) => parseRpmIndexes(await readWhole(tree, path, MAX_REPOMD_BYTES)),
  packages: (index, openDigest) => readPackages(tree, ports, index, openDigest),
  digest: digestOfFile(tree, ports.digester),
});

async function* readPackages(
  tree: TreeReader,
  { decompress, digester }: ReadingPorts,
  path: string,
  openDigest: Digest | undefined,
): AsyncGenerator<RpmPackages> {
  const bytes = await readWhole(tree, path, MAX_INDEX_BYTES);
  const digest = digester(openDigest?.algorithm ?? 'sha256');
  const text = utf8Stream('the index of packages');
  const scanner = packageScanner();
  let sizeBytes = 0;
  for await (const chunk of unpacked(decompress, bytes, MAX_OPEN_BYTES)) {
    digest.update(chunk);
    sizeBytes += chunk.length;
    const packages = scanner.push(text.push(chunk));
    if (packages.length > 0) yield { kind: 'packages', packages };
  }
  const last = scanner.push(text.end());
  if (last.length > 0) yield { kind: 'packages', packages: last };
  yield { kind: 'end', announced: scanner.end(), sizeBytes, digestHex: digest.hex() };
}
