import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SAMPLE_SIZE } from '#domain/master/collect-directories.ts';
import type { MasterEntry } from '#domain/master/master-entry.ts';
import { collect, directory, file } from '../../support/master-listing.ts';

const paths = (entries: readonly MasterEntry[], excludes?: readonly string[]): string[] =>
  collect(entries, excludes).directories.map(({ path }) => path);
const readable = (entries: readonly MasterEntry[]): Record<string, boolean> =>
  Object.fromEntries(collect(entries).directories.map((one) => [one.path, one.readable]));
const sampleOf = (entries: readonly MasterEntry[]): readonly string[] =>
  collect(entries).directories[0]?.sample.map(({ name }) => name) ?? [];
const fingerprintOf = (...entries: MasterEntry[]): string | undefined => collect(entries).directories[0]?.fingerprint;

const listing = fc.uniqueArray(
  fc.record({
    path: fc
      .array(fc.constantFrom('a', 'b', 'c', 'A', 'é', 'repomd.xml'), { minLength: 1, maxLength: 4 })
      .map((steps) => steps.join('/')),
    kind: fc.constantFrom('file', 'directory', 'symlink', 'other'),
    sizeBytes: fc.nat(5),
    modifiedSeconds: fc.integer({ min: -3, max: 3 }),
    mode: fc.constantFrom(0o755, 0o750, 0o600),
  }),
  { selector: ({ path }) => path, maxLength: 60, size: 'max' },
) satisfies fc.Arbitrary<MasterEntry[]>;

describe('collecting a listing', () => {
  it('gives the same whatever the order of its entries', () => {
    const shuffled = listing.chain((entries) =>
      fc.tuple(fc.constant(entries), fc.shuffledSubarray(entries, { minLength: entries.length })),
    );
    fc.assert(
      fc.property(shuffled, ([entries, mixed]) => {
        expect(collect(mixed)).toEqual(collect(entries));
      }),
    );
  });

  it('sorts directories by code units and names every parent', () => {
    fc.assert(
      fc.property(listing, (entries) => {
        const found = paths(entries);
        expect(found).toEqual([...found].sort((left, right) => (left < right ? -1 : 1)));
        for (const path of found) if (path !== '') expect(found).toContain(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
      }),
    );
  });

  it('samples all files of a small directory and the newest of a large one, ties by name', () => {
    expect(sampleOf([file('b'), file('a')])).toEqual(['a', 'b']);
    const many = Array.from({ length: 30 }, (_, index) => file(`f${String(index).padStart(2, '0')}`, index < 15 ? 5 : 3));
    expect(sampleOf(many)).toEqual(many.slice(0, SAMPLE_SIZE).map(({ path }) => path));
  });

  it('keeps in a sample nothing older than what it leaves out', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 40, size: 'max' }), (times) => {
        const files = times.map((time, index) => file(`f${index}`, time));
        const sample = collect(files).directories[0]?.sample ?? [];
        expect(sample.length).toBe(Math.min(SAMPLE_SIZE, files.length));
        const oldest = Math.min(...sample.map(({ modifiedSeconds }) => modifiedSeconds));
        const names = new Set(sample.map(({ name }) => name));
        for (const { path, modifiedSeconds } of files) if (!names.has(path)) expect(modifiedSeconds).toBeLessThanOrEqual(oldest);
      }),
    );
  });

  it('gives another fingerprint for another name, size, time or number of files', () => {
    const seen = [
      fingerprintOf(file('a', 1, 1)),
      fingerprintOf(file('b', 1, 1)),
      fingerprintOf(file('a', 2, 1)),
      fingerprintOf(file('a', 1, 2)),
      fingerprintOf(file('a', 1, 1), file('b', 1, 1)),
      fingerprintOf(directory('')),
    ];
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.every((one) => /^[0-9a-f]{32}$/.test(one ?? ''))).toBe(true);
  });

  it('gives no two of 30,000 small sets the same fingerprint', () => {
    const seen = new Set<string | undefined>();
    for (let size = 0; size < 300; size += 1)
      for (let time = 0; time < 100; time += 1) seen.add(fingerprintOf(file('a', time, size)));
    expect(seen.size).toBe(30_000);
  });

  it('hides all below a directory that not everybody may read and enter', () => {
    expect(
      readable([directory('a', 0o040750), file('a/x'), file('a/b/y'), directory('c', 0o040754), directory('d', 0o040755)]),
    ).toEqual({
      '': true,
      a: false,
      'a/b': false,
      c: false,
      d: true,
    });
  });

  it('takes the top for public whatever its mode, and finds no head where it is hidden', () => {
    const entries = [
      directory('', 0o040700),
      directory('a', 0o040700),
      file('a/repodata/repomd.xml'),
      file('b/repodata/repomd.xml'),
    ];
    expect(readable(entries)).toMatchObject({ '': true, a: false, 'a/repodata': false, b: true });
    expect([...collect(entries).headFiles.keys()]).toEqual(['b/repodata/repomd.xml']);
  });

  it('does not see files nobody may read, links and devices', () => {
    const hidden = [
      file('a', 1, 1, 0o100640),
      { ...file('l'), kind: 'symlink' as const },
      { ...file('o'), kind: 'other' as const },
    ];
    expect(collect([directory(''), ...hidden])).toEqual(collect([directory('')]));
  });

  it('leaves out what is excluded and all below it, whole paths only', () => {
    const entries = [
      directory('a/b'),
      file('a/b/c/x'),
      file('a/keep'),
      file('a/drop.tmp'),
      file('.snapshot/x'),
      file('z/.~tmp~/x'),
      file('z/y'),
    ];
    expect(paths(entries, ['a/b', '.*\\.tmp'])).toEqual(['', 'a', 'z']);
    expect(collect(entries, ['a/b', '.*\\.tmp']).fileCount).toBe(2);
    expect(paths(entries, ['b'])).toContain('a/b/c');
  });
});
