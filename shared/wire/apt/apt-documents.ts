import type { TreeReader } from '#domain/volume/tree-reader.ts';
import type { AptDocuments, AptPoolFiles } from '#domain/volume/validate/apt-documents.ts';
import { digestOfFile, type ReadingPorts, readWhole, unpacked } from '../volume/read-file.ts';
import { utf8Stream } from '../volume/utf8-stream.ts';
import { type Paragraph, ParagraphScanner } from './paragraph-scanner.ts';
import { MAX_RELEASE_BYTES, parseAptRelease } from './parse-apt-release.ts';
import { PACKAGES_FIELDS, packageFile, SOURCES_FIELDS, sourceFiles } from './pool-files.ts';

/** Debian's largest Packages.gz is 13 MB, and 60 MB unpacked. */
export const MAX_INDEX_BYTES = 134_217_728;
const MAX_OPEN_BYTES = 2_147_483_648;

/** The documents of archives of Debian packages. Indexes are read as gzip, zstd, bzip2 or plain text. */
export const aptDocuments = (tree: TreeReader, ports: ReadingPorts): AptDocuments => ({
  release: async (path) => parseAptRelease(await readWhole(tree, path, MAX_RELEASE_BYTES)),
  poolFiles: (index, kind) => readIndex(tree, ports, index, kind),
  digest: digestOfFile(tree, ports.digester),
});

async function* readIndex(
  tree: TreeReader,
  { decompress, digester }: ReadingPorts,
  path: string,
  kind: 'Packages' | 'Sources',
): AsyncGenerator<AptPoolFiles> {
  const bytes = await readWhole(tree, path, MAX_INDEX_BYTES);
  const [fields, filesOf] = kind === 'Packages' ? [PACKAGES_FIELDS, packageFile] : [SOURCES_FIELDS, sourceFiles];
  const found = (paragraphs: readonly Paragraph[]): AptPoolFiles => ({ kind: 'files', files: paragraphs.flatMap(filesOf) });
  const [scanner, digest, text] = [new ParagraphScanner(fields), digester('sha256'), utf8Stream('the index')];
  let sizeBytes = 0;
  for await (const chunk of unpacked(decompress, bytes, MAX_OPEN_BYTES)) {
    digest.update(chunk);
    sizeBytes += chunk.length;
    yield found(scanner.push(text.push(chunk)));
  }
  yield found([...scanner.push(text.end()), ...scanner.end()]);
  yield { kind: 'end', sizeBytes, sha256: digest.hex() };
}
