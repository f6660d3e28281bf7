import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  contentProblem,
  knownContent,
  saidOf,
  statedFile,
  totalsOf,
  type WantedFile,
  wantedFiles,
} from '#domain/volume/upstream/wanted-file.ts';
import { hashOf, paths } from '../../support/tree-arbitrary.ts';

const sha256 = fc.nat(3).map((seed) => hashOf(String(seed)));
const digest = fc.nat(3).map((seed) => ({ algorithm: 'sha512' as const, hex: hashOf(`${seed}`).repeat(2) }));
/** A file as upstreams describe it, with more or less. */
const file: fc.Arbitrary<WantedFile> = fc.record(
  {
    path: paths,
    sha256,
    digest,
    sizeBytes: fc.nat(3),
    mark: fc.constantFrom('1', '2'),
    mode: fc.constantFrom('file' as const, 'executable' as const),
  },
  { requiredKeys: ['path', 'mode'] },
);
const content = fc.record({ sha256, sizeBytes: fc.nat(3) });

describe('what a file is', () => {
  test('is known by its hash, or by an earlier copy of which upstream said the same, and by nothing else', () => {
    fc.assert(
      fc.property(file, file, content, (wanted, earlier, copied) => {
        const remembered = new Map([[wanted.path, { said: saidOf(earlier), ...copied }]]);
        const found = knownContent(wanted, new Map(), remembered);
        if (wanted.sha256 !== undefined)
          expect(found).toEqual(
            wanted.sizeBytes === undefined ? undefined : { sha256: wanted.sha256, sizeBytes: wanted.sizeBytes },
          );
        else if (found !== undefined) {
          expect(found).toEqual(copied);
          expect([saidOf(wanted), earlier.digest ?? earlier.mark, earlier.sizeBytes]).toEqual([
            saidOf(earlier),
            wanted.digest ?? wanted.mark,
            wanted.sizeBytes,
          ]);
        }
      }),
    );
  });

  test('is not known from an earlier copy when upstream says nothing that changes with it', () => {
    const remembered = new Map([['a', { said: '', sha256: hashOf('a'), sizeBytes: 1 }]]);
    expect(knownContent({ path: 'a', mode: 'file', sizeBytes: 1 }, new Map(), remembered)).toBeUndefined();
  });

  test('has the size of the stored object, where only its hash is said', () => {
    const stated = statedFile('a', { algorithm: 'sha256', hex: hashOf('a') }, undefined);
    expect(knownContent(stated, new Map([[hashOf('a'), 7]]), new Map())).toEqual({ sha256: hashOf('a'), sizeBytes: 7 });
  });

  test('may not contradict anything that upstream says', () => {
    fc.assert(
      fc.property(file, content, digest, (wanted, received, computed) => {
        const problem = contentProblem(wanted, received, wanted.digest && computed);
        const isRight =
          [undefined, received.sizeBytes].includes(wanted.sizeBytes) &&
          [undefined, received.sha256].includes(wanted.sha256) &&
          [undefined, computed.hex].includes(wanted.digest?.hex);
        expect(problem === undefined).toBe(isRight);
      }),
    );
  });
});

describe('a listing', () => {
  const listed = (files: readonly WantedFile[], excludes: readonly string[] = []) => {
    const wanted = wantedFiles(excludes);
    const problems = files.map((one) => wanted.add(one));
    return { files: wanted.files, problems: problems.filter((problem) => problem !== undefined) };
  };

  test('knows of each path all that was said of it, or that it was said in two ways', () => {
    fc.assert(
      fc.property(file, file, (one, other) => {
        const { files, problems } = listed([one, { ...other, path: one.path }]);
        const fields = ['sha256', 'sizeBytes'] as const;
        const differ = fields.some((name) => one[name] !== undefined && other[name] !== undefined && one[name] !== other[name]);
        const digests = one.digest !== undefined && other.digest !== undefined && one.digest.hex !== other.digest.hex;
        expect(problems).toEqual(differ || digests ? ['is described in two ways'] : []);
        if (problems.length === 0) expect(files.get(one.path)).toEqual({ ...other, ...one });
      }),
    );
  });

  test('has no path that leads out, and none that is excluded', () => {
    const one = (path: string): WantedFile => ({ path, mode: 'file' });
    expect(listed([one('../a'), one('/a'), one('a//b'), one('')]).problems).toHaveLength(4);
    expect([...listed([one('a'), one('b/a'), one('ab')], ['a', 'b/.*']).files.keys()]).toEqual(['ab']);
  });

  test('has totals only when all sizes are said', () => {
    const sized = (sizeBytes?: number): WantedFile => statedFile('a', undefined, sizeBytes);
    expect(totalsOf([sized(1), sized(2)])).toEqual({ files: 2, bytes: 3 });
    expect(totalsOf([sized(1), sized()])).toBeUndefined();
  });
});
