import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Manifest, RepositoryRecord } from '#domain/master/manifest.ts';
import type { MasterEntry } from '#domain/master/master-entry.ts';
import { type NextManifest, nextManifest } from '#domain/master/next-manifest.ts';
import { collect, directory, file, headOf } from '../../support/master-listing.ts';

const repository = (arch: string, seed: string, rest: Partial<RepositoryRecord> = {}): RepositoryRecord => ({
  repo: 'fedora',
  arch,
  type: 'rpm',
  directory: arch,
  headPath: `${arch}/repodata/repomd.xml`,
  heads: [headOf(seed)],
  ...rest,
});
const next = (
  previous: Manifest | undefined,
  entries: readonly MasterEntry[],
  repositories: readonly RepositoryRecord[] = [],
  nowMs = 1,
): NextManifest => {
  const { directories, fileCount } = collect(entries);
  return nextManifest(previous, { category: 'c', directories, repositories, fileCount }, nowMs);
};
const changed = (result: NextManifest): Manifest => {
  if (result.kind !== 'changed') throw new Error(result.kind);
  return result.manifest;
};
const ids = (manifest: Manifest): Record<string, [number, number]> =>
  Object.fromEntries(manifest.directories.map(({ path, id, changedIn }) => [path, [id, changedIn]]));

describe('the next manifest', () => {
  it('numbers directories from 1 and marks what changed', () => {
    const first = changed(next(undefined, [file('a/x'), file('b/y')]));
    expect(ids(first)).toEqual({ '': [1, 1], a: [2, 1], b: [3, 1] });
    const result = next(first, [file('a/x'), file('b/y', 2), file('aa/z')], [], 5);
    expect(result).toMatchObject({
      kind: 'changed',
      manifest: { generation: 2, createdMs: 5, nextDirectoryId: 5 },
      changes: { directoriesAdded: 1, directoriesChanged: 1, directoriesRemoved: 0 },
    });
    expect(ids(changed(result))).toEqual({ '': [1, 1], a: [2, 1], aa: [4, 2], b: [3, 2] });
  });

  it('gives a directory that returns a new id', () => {
    const first = changed(next(undefined, [file('a/x'), file('b/y')]));
    const second = changed(next(first, [file('a/x')]));
    expect(ids(changed(next(second, [file('a/x'), file('b/y')])))).toEqual({ '': [1, 1], a: [2, 1], b: [4, 3] });
  });

  it("does not care for a directory's own time", () => {
    const first = changed(next(undefined, [directory('a'), file('a/x')]));
    expect(next(first, [directory('a', 0o040755, 99), file('a/x')])).toEqual({ kind: 'unchanged' });
  });

  it('sees a directory become public', () => {
    const first = changed(next(undefined, [directory('a', 0o040700), file('a/x')]));
    expect(ids(changed(next(first, [directory('a'), file('a/x')])))).toEqual({ '': [1, 1], a: [2, 2] });
  });

  it('names repositories that came, changed and went, and marks the directory of a changed head', () => {
    const entries = [file('a/repodata/repomd.xml'), file('b/repodata/repomd.xml'), file('c/repodata/repomd.xml')];
    const first = changed(next(undefined, entries, [repository('a', '1'), repository('b', '1')]));
    const result = next(first, entries, [repository('b', '2'), repository('c', '1')]);
    expect(result).toMatchObject({
      changes: {
        directoriesChanged: 1,
        repositoriesAdded: ['fedora/c'],
        repositoriesChanged: ['fedora/b'],
        repositoriesRemoved: ['fedora/a'],
      },
    });
    expect(ids(changed(result))).toMatchObject({ 'a/repodata': [3, 1], 'b/repodata': [5, 2] });
  });

  it('is refused when the listing has no file', () => {
    const first = changed(next(undefined, [file('a/x')]));
    const refused = { kind: 'refused', reason: 'the master lists no file at all' };
    expect([next(first, [directory(''), directory('a')]), next(undefined, [])]).toEqual([refused, refused]);
  });

  const tree = fc.uniqueArray(
    fc.tuple(fc.constantFrom('a', 'b', 'c', 'a/b', 'a/c', 'b/a', 'c/c/c'), fc.constantFrom('x', 'y'), fc.nat(2)),
    { selector: ([path, name]) => `${path}/${name}`, minLength: 1, maxLength: 10 },
  );

  it('never names two paths by one id, never renames, and counts generations only when something changed', () => {
    fc.assert(
      fc.property(fc.array(tree, { maxLength: 12 }), (scans) => {
        const owners = new Map<number, string>();
        let manifest: Manifest | undefined;
        for (const [index, files] of scans.entries()) {
          const entries = files.map(([path, name, time]) => file(`${path}/${name}`, time));
          const result = next(manifest, entries, [], index);
          if (result.kind === 'changed') {
            expect(result.manifest.generation).toBe((manifest?.generation ?? 0) + 1);
            const before = manifest;
            manifest = result.manifest;
            for (const { id, path, changedIn } of manifest.directories) {
              expect(owners.get(id) ?? path).toBe(path);
              owners.set(id, path);
              expect(id).toBeLessThan(manifest.nextDirectoryId);
              expect(changedIn).toBeLessThanOrEqual(manifest.generation);
              const known = before?.directories.find((one) => one.path === path);
              if (known !== undefined) expect(id).toBe(known.id);
              else expect(changedIn).toBe(manifest.generation);
            }
          }
          // The same listing again, in another order, is no change.
          expect(next(manifest, [...entries].reverse())).toEqual({ kind: 'unchanged' });
          expect(manifest?.directories.map(({ path, fingerprint }) => [path, fingerprint])).toEqual(
            collect(entries).directories.map(({ path, fingerprint }) => [path, fingerprint]),
          );
        }
      }),
    );
  });
});
