import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { TreeEntry } from '#domain/volume/tree.ts';
import { treePathProblem } from '#domain/volume/tree-path.ts';

export const hashOf = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

const segments = fc.oneof(
  { arbitrary: fc.constantFrom('a', 'a-b', 'ab', 'A', 'a b', 'é', '😀', '\u{fffd}', '"', '\\', '@1'), weight: 3 },
  { arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }), weight: 1 },
);

export const paths = fc
  .array(segments, { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'))
  .filter((path) => treePathProblem(path) === undefined);

export const entriesAt = (path: fc.Arbitrary<string>): fc.Arbitrary<TreeEntry> =>
  fc.record({
    path,
    sha256: fc.nat(50).map((seed) => hashOf(String(seed))),
    sizeBytes: fc.nat(1_000),
    mode: fc.constantFrom('file' as const, 'executable' as const),
  });

/** Files in any order, no path twice and none below another. */
export const files = fc
  .uniqueArray(entriesAt(paths), { selector: ({ path }) => path, maxLength: 60 })
  .map((all) => all.filter(({ path }) => !all.some((other) => other.path.startsWith(`${path}/`))));

/** A plain tree of so many files, as a repository has them. */
export const manyFiles = (count: number, version = (_index: number): string => ''): readonly TreeEntry[] =>
  Array.from({ length: count }, (_, index) => ({
    path: `pool/${String(index % 100).padStart(2, '0')}/package-${String(index).padStart(7, '0')}.rpm`,
    sha256: hashOf(`${index}${version(index)}`),
    sizeBytes: index,
    mode: 'file' as const,
  }));
