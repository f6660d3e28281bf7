import type { RepositoryRule } from '#domain/inventory/inventory.ts';
import { type Collected, directoryCollector } from '#domain/master/collect-directories.ts';
import type { FileHashes, Head } from '#domain/master/manifest.ts';
import type { MasterEntry } from '#domain/master/master-entry.ts';

export const directory = (path: string, mode = 0o040755, modifiedSeconds = 1): MasterEntry => ({
  path,
  kind: 'directory',
  sizeBytes: 4096,
  modifiedSeconds,
  mode,
});

export const file = (path: string, modifiedSeconds = 1, sizeBytes = 1, mode = 0o100644): MasterEntry => ({
  path,
  kind: 'file',
  sizeBytes,
  modifiedSeconds,
  mode,
});

export const collect = (entries: readonly MasterEntry[], excludes: readonly string[] = []): Collected => {
  const collector = directoryCollector(excludes);
  for (const entry of entries) collector.add(entry);
  return collector.finish();
};

/** Hashes of nothing in particular, told apart by `seed`. */
export const hashesOf = (seed: string): FileHashes => {
  const hex = (length: number): string => Buffer.from(seed).toString('hex').padEnd(length, '0').slice(0, length);
  return { md5: hex(32), sha1: hex(40), sha256: hex(64), sha512: hex(128) };
};

export const headOf = (seed: string, firstSeenMs = 0): Head => ({
  sizeBytes: 1,
  timestampSeconds: 1,
  hashes: hashesOf(seed),
  firstSeenMs,
});

/** `releases/41/x86_64` is `fedora-41`; a suite is named after itself. */
export const RULES: readonly RepositoryRule[] = [
  { kind: 'ignore', match: 'releases/test/.*' },
  {
    kind: 'repository',
    match: 'releases/(?<v>[0-9]+)/(?<a>[^/]+)',
    type: 'rpm',
    repo: 'fedora-${v}',
    arch: '${a}',
    directory: undefined,
  },
  {
    kind: 'repository',
    match: 'copy/(?<v>[0-9]+)/(?<a>[^/]+)',
    type: 'rpm',
    repo: 'fedora-${v}',
    arch: '${a}',
    directory: undefined,
  },
  { kind: 'repository', match: 'dists/(?<s>.+)', type: 'apt', repo: 'debian-${s}', arch: '', directory: '' },
  { kind: 'repository', match: 'iso', type: 'files', repo: 'images', arch: 'noarch', directory: undefined },
];
