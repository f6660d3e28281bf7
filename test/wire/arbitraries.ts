import fc from 'fast-check';
import type { Facts, HeadSeen, Observation } from '#domain/crawl/observation.ts';
import type { Head, Manifest, RepositoryRecord } from '#domain/master/manifest.ts';

/** Any text a decoded file name can be: odd, but never half a surrogate pair. */
export const texts = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.toWellFormed());
export const names = texts.filter((text) => text !== '');
export const hex64 = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 });
export const counts = fc.oneof(fc.nat(), fc.maxSafeNat());
export const moments = fc.nat({ max: 2 ** 48 });
const seconds = fc.integer({ min: -(2 ** 50), max: 2 ** 50 });

const byUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const heads: fc.Arbitrary<Head> = fc.record({
  sizeBytes: counts,
  timestampSeconds: fc.maxSafeInteger(),
  hashes: fc.record({ md5: texts, sha1: texts, sha256: hex64, sha512: texts }),
  firstSeenMs: moments,
});

const repositories: fc.Arbitrary<RepositoryRecord> = fc.record({
  repo: texts,
  arch: texts,
  type: fc.constantFrom('rpm', 'apt', 'files'),
  directory: texts,
  headPath: texts,
  heads: fc.array(heads, { minLength: 1, maxLength: 3 }),
});

const sample = fc.record({ name: texts, sizeBytes: counts, modifiedSeconds: seconds });

// Paths with a common beginning, as a tree has, so that front coding has something to do.
const paths = fc.oneof(
  texts,
  fc.array(fc.constantFrom('os', 'räks', '😀', '😁', 'x86_64'), { maxLength: 4 }).map((steps) => steps.join('/')),
);

export const manifests: fc.Arbitrary<Manifest> = fc
  .record({
    category: names,
    generation: counts,
    createdMs: moments,
    spare: fc.nat(),
    paths: fc.uniqueArray(paths, { maxLength: 12 }),
    repositories: fc.array(repositories, { maxLength: 3 }),
  })
  .chain(({ spare, paths: all, ...rest }) =>
    fc
      .tuple(
        ...all.toSorted(byUnits).map((path) =>
          fc.record({
            id: fc.nat({ max: 2 ** 40 }),
            path: fc.constant(path),
            modifiedSeconds: seconds,
            fingerprint: texts,
            changedIn: counts,
            readable: fc.boolean(),
            sample: fc.array(sample, { maxLength: 4 }),
          }),
        ),
      )
      .map((directories) => ({ ...rest, nextDirectoryId: 2 ** 40 + 1 + spare, directories })),
  );

const headsSeen: fc.Arbitrary<HeadSeen> = fc.oneof(
  fc.constant({ kind: 'absent' } as const),
  hex64.map((sha256) => ({ kind: 'digest', sha256 }) as const),
);

export const facts: fc.Arbitrary<Facts> = fc.record({
  category: names,
  heads: fc.dictionary(fc.oneof(texts, fc.constantFrom('__proto__', 'constructor')), headsSeen, { noNullPrototype: true }),
  excluded: fc
    .uniqueArray(fc.oneof(fc.nat({ max: 30 }), fc.nat({ max: 2 ** 40 })), { maxLength: 40 })
    .map((ids) => ids.toSorted((a, b) => a - b)),
});

const evidence = fc.record({ atMs: moments, url: texts, text: texts });

const crawled: fc.Arbitrary<Observation> = fc.record({
  host: names,
  category: names,
  generation: counts,
  facts: fc.option(hex64, { nil: undefined }),
  health: fc.array(
    fc.record({
      protocol: fc.constantFrom('https', 'http', 'rsync'),
      state: fc.constantFrom('ok', 'down', 'unknown'),
      sinceMs: moments,
      consecutiveFailures: counts,
      consecutiveSuccesses: counts,
      lastOkMs: fc.option(moments, { nil: undefined }),
      evidence,
    }),
    { maxLength: 3 },
  ),
  checkedMs: fc.record({ reach: moments, heads: moments, sample: moments, full: moments }, { requiredKeys: [] }),
  unproven: counts,
  notBeforeMs: moments,
  evidence: fc.array(evidence, { maxLength: 3 }),
});

const checkIns = fc.option(fc.record({ sinceMs: moments, lastMs: moments }), { nil: undefined });

export const observations: fc.Arbitrary<Observation> = fc
  .tuple(crawled, checkIns)
  .map(([observation, checkIn]) => (checkIn === undefined ? observation : { ...observation, checkIn }));
