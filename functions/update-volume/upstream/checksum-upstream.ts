import { isWeak } from '#domain/artefact/digest.ts';
import { FILES_HEADS } from '#domain/master/head-names.ts';
import { statedFile } from '#domain/volume/upstream/wanted-file.ts';
import { pathBelow } from '#domain/volume/validate/expected-file.ts';
import { decodeText } from '#wire/bytes/decode-text.ts';
import { MAX_LIST_BYTES } from '#wire/checksum/checksum-documents.ts';
import { listChecksums } from '#wire/checksum/list-checksums.ts';
import { broken } from '../update-stopped.ts';
import type { ReadHead, UpstreamFiles } from './upstream-files.ts';
import { type ListedFiles, listedFiles, readable, type UpstreamReader } from './upstream-reader.ts';

/** Heads that list files; the others are only marks of freshness. */
const LISTS = FILES_HEADS.filter((name) => /sum|CHECKSUM/i.test(name));
const SIGNATURES = ['.gpg', '.asc', '.sig', '.sign'];

const addListed = (wanted: ListedFiles, list: ReadHead): void => {
  const { path: said } = list.head;
  const listed = listChecksums(decodeText(list.bytes, 'the list of checksums'));
  if (listed.kind === 'unreadable') throw broken(said, `is no list of checksums: ${listed.reason}`);
  for (const { name, digest } of listed.entries) {
    const path = name === undefined ? undefined : pathBelow('', name);
    if (path === undefined) throw broken(said, `names a path out of its folder: ${JSON.stringify(name ?? '')}`);
    if (isWeak(digest)) throw broken(said, `has only ${digest.algorithm} for ${path}, which proves nothing`);
    wanted.add(statedFile(path, digest, undefined));
  }
};

/** Plain files: the first list of checksums at the top says all that there is. */
export const checksumUpstream = (files: UpstreamFiles, excludes: readonly string[]): UpstreamReader => ({
  confirm: 'at-once',
  list: async (known) => {
    for (const name of LISTS) {
      const list = await files.head(name, MAX_LIST_BYTES, known);
      if (list === undefined) continue;
      if (list === 'same') return 'same';
      const wanted = listedFiles(excludes);
      await readable(name, async () => addListed(wanted, list));
      wanted.add(list.file);
      for (const signature of SIGNATURES) {
        const file = await files.unlisted(`${name}${signature}`);
        if (file !== undefined) wanted.add(file);
      }
      return { heads: [list.head], files: wanted.files };
    }
    throw broken('', `has no list of checksums at its top: ${LISTS.join(', ')}`);
  },
});
