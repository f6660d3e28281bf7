/**
 * A head is the one file that proves the state of a whole repository: repomd.xml for rpm, InRelease or Release for apt. A tree of
 * plain files has one when it carries a list of checksums or a freshness mark; the names here are the common ones (sha256sum and
 * its like, Fedora's CHECKSUM files, Arch's lastsync, bandersnatch's last-modified). Of several in one directory the first in
 * this order is the head.
 */
import type { RepositoryType } from '../inventory/inventory.ts';

export const RPM_HEAD = 'repodata/repomd.xml';
export const APT_HEADS = ['InRelease', 'Release'] as const;
export const FILES_HEADS = [
  'SHA256SUMS',
  'SHA512SUMS',
  'sha256sum.txt',
  'sha512sum.txt',
  'CHECKSUM',
  'last-modified',
  'lastsync',
] as const;

/** Names, relative to a repository's own directory, in order of preference. */
export const headNames = (type: RepositoryType): readonly string[] => {
  switch (type) {
    case 'rpm':
      return [RPM_HEAD];
    case 'apt':
      return APT_HEADS;
    case 'files':
      return FILES_HEADS;
  }
};

const NAMES: ReadonlySet<string> = new Set(['repomd.xml', ...APT_HEADS, ...FILES_HEADS]);

/** Whether a file of this name could be a head; where it lies decides. */
export const isHeadName = (name: string): boolean => NAMES.has(name);
