import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareListing, type SeenEntry } from '#domain/crawl/compare-listing.ts';
import { coverageOf, parentPath } from '#domain/freshness/coverage.ts';
import { aHead, aManifest } from '../../support/a-network.ts';

const manifest = aManifest();
const coverage = coverageOf(manifest);
const file = (path: string, sizeBytes: number): SeenEntry => ({ path, kind: 'file', sizeBytes, modifiedSeconds: 1_000 });
const whole: readonly SeenEntry[] = manifest.directories.flatMap(({ path, sample }) => [
  { path, kind: 'directory' as const, sizeBytes: 0, modifiedSeconds: 0 },
  ...sample.map(({ name, sizeBytes }) => file(`${path}/${name}`, sizeBytes)),
]);

const compare = (entries: readonly SeenEntry[], complete: boolean) => {
  const comparison = compareListing(manifest, coverage);
  for (const entry of entries) comparison.add(entry);
  return { directories: comparison.directories(complete), heads: comparison.heads(complete), matched: comparison.matched() };
};

describe('comparing a listing', () => {
  it('proves everything of an equal mirror, in any order and with files of its own', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...whole, file('iso/extra', 5)], { minLength: whole.length + 1 }), (entries) => {
        expect([...compare(entries, true).directories.values()]).toEqual(manifest.directories.map(() => 'same'));
      }),
    );
  });

  it('marks exactly the directories in which a sampled file is missing, when the listing is complete', () => {
    fc.assert(
      fc.property(fc.subarray([...whole]), (entries) => {
        const shown = new Set(entries.filter(({ kind }) => kind === 'file').map(({ path }) => parentPath(path)));
        const found = compare(entries, true).directories;
        for (const { id, path } of manifest.directories) expect(found.get(id)).toBe(shown.has(path) ? 'same' : 'differs');
      }),
    );
  });

  it('marks nothing as different when the listing is not complete', () => {
    fc.assert(
      fc.property(fc.subarray([...whole]), (entries) => {
        expect([...compare(entries, false).directories.values()]).not.toContain('differs');
      }),
    );
  });

  it('tells sizes apart, and takes a link for the file', () => {
    const iso = (entry: SeenEntry) => compare([entry], true).directories.get(7);
    expect(iso(file('iso/file-7', 100))).toBe('same');
    expect(iso(file('iso/file-7', 101))).toBe('differs');
    expect(iso({ ...file('iso/file-7', 9), kind: 'symlink' })).toBe('same');
  });

  it('proves heads of a host that only speaks rsync by size and time', () => {
    const path = 'alpha/os/repodata/repomd.xml';
    const size = aHead('alpha-1').sizeBytes;
    const head = (entry: SeenEntry | undefined, complete: boolean) =>
      compare(entry === undefined ? [] : [entry], complete).heads.get(path);
    expect(head(file(path, size), true)).toEqual({ kind: 'digest', sha256: aHead('alpha-1').hashes.sha256 });
    expect(head({ ...file(path, size), modifiedSeconds: 1 }, true)).toEqual({ kind: 'unproven' });
    expect(head(undefined, true)).toEqual({ kind: 'absent' });
    expect(head(undefined, false)).toBeUndefined();
  });

  it('finds nothing in a listing of something else', () => {
    expect(compare([{ ...file('', 0), kind: 'directory' }, file('other/thing', 1)], true).matched).toBe(0);
  });
});
