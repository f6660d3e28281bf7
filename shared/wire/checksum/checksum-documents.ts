import { WireError } from '#domain/errors.ts';
import type { TreeReader } from '#domain/volume/tree-reader.ts';
import type { ChecksumDocuments } from '#domain/volume/validate/checksum-files.ts';
import { decodeText } from '../bytes/decode-text.ts';
import { digestOfFile, type ReadingPorts, readWhole } from '../volume/read-file.ts';
import { listChecksums } from './list-checksums.ts';

/** Of a hundred thousand files. */
export const MAX_LIST_BYTES = 16_777_216;

/** The lists of checksums that are in a release. */
export const checksumDocuments = (tree: TreeReader, { digester }: ReadingPorts): ChecksumDocuments => ({
  checksums: async (path) => {
    const list = listChecksums(decodeText(await readWhole(tree, path, MAX_LIST_BYTES), 'the list of checksums'));
    if (list.kind === 'unreadable') throw new WireError(`is no list of checksums: ${list.reason}`);
    if (list.entries.length === 0) throw new WireError('has no checksums');
    return list.entries;
  },
  digest: digestOfFile(tree, digester),
});
