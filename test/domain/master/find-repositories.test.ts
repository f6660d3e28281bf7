import { describe, expect, it } from 'vitest';
import { type FoundRepositories, findRepositories } from '#domain/master/find-repositories.ts';
import type { Manifest } from '#domain/master/manifest.ts';
import { compileRules } from '#domain/master/match-repository.ts';
import { collect, file, headOf, RULES } from '../../support/master-listing.ts';

const find = (paths: readonly string[], previous?: Manifest): FoundRepositories =>
  findRepositories(collect(paths.map((path) => file(path))).headFiles, compileRules(RULES), previous);
const names = (found: FoundRepositories): string[] =>
  found.candidates.map(({ repo, arch, headPath }) => `${repo}/${arch} ${headPath}`);

describe('repositories of a listing', () => {
  it('are directories with a head that a rule names', () => {
    const found = find([
      'releases/41/x86_64/repodata/repomd.xml',
      'releases/41/x86_64/Packages/repomd.xml',
      'releases/test/42/x86_64/repodata/repomd.xml',
      'other/repodata/repomd.xml',
      'releases/40/x86_64/InRelease',
      'iso/sha256sum.txt',
      'iso/SHA256SUMS',
    ]);
    expect(names(found)).toEqual(['fedora-41/x86_64 releases/41/x86_64/repodata/repomd.xml', 'images/noarch iso/SHA256SUMS']);
    expect(found.problems).toEqual([
      { kind: 'unmatched', directory: 'other' },
      { kind: 'other-type', directory: 'releases/40/x86_64', type: 'rpm' },
    ]);
  });

  it('of apt are suites, not the Release files of their architectures, and prefer InRelease', () => {
    const found = find([
      'dists/sid/Release',
      'dists/sid/InRelease',
      'dists/sid/main/binary-amd64/Release',
      'dists/bookworm/updates/Release',
    ]);
    expect(names(found)).toEqual(['debian-bookworm/updates/ dists/bookworm/updates/Release', 'debian-sid/ dists/sid/InRelease']);
    expect(found.problems).toEqual([]);
  });

  it('with one name are decided by path, except that the present holder keeps it', () => {
    const paths = ['releases/41/x86_64/repodata/repomd.xml', 'copy/41/x86_64/repodata/repomd.xml'];
    expect(names(find(paths))).toEqual(['fedora-41/x86_64 copy/41/x86_64/repodata/repomd.xml']);
    const manifest: Manifest = {
      category: 'c',
      generation: 1,
      createdMs: 0,
      nextDirectoryId: 1,
      directories: [],
      repositories: [
        {
          repo: 'fedora-41',
          arch: 'x86_64',
          type: 'rpm',
          directory: 'releases/41/x86_64',
          headPath: 'releases/41/x86_64/repodata/repomd.xml',
          heads: [headOf('a')],
        },
      ],
    };
    const kept = find(paths, manifest);
    expect(names(kept)).toEqual(['fedora-41/x86_64 releases/41/x86_64/repodata/repomd.xml']);
    expect(kept.problems).toEqual([
      {
        kind: 'duplicate',
        directory: 'copy/41/x86_64/repodata',
        repo: 'fedora-41',
        arch: 'x86_64',
        keptBy: 'releases/41/x86_64/repodata',
      },
    ]);
  });
});
