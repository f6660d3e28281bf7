import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Observation } from '#domain/crawl/observation.ts';
import { WireError } from '#domain/errors.ts';
import { parseCrawlRequest, printCrawlRequest } from '#wire/crawl-request.ts';
import { parseEdgeTable, printEdgeTable } from '#wire/edge-table.ts';
import { parseFacts, printFacts } from '#wire/facts.ts';
import { parseManifestPointer, printManifestPointer } from '#wire/manifest-pointer.ts';
import { parseObservation, printObservation } from '#wire/observation-item.ts';
import { parseSnapshotPointer, printSnapshotPointer } from '#wire/snapshot-pointer.ts';
import { parseStaticIndex, printStaticIndex } from '#wire/static-index.ts';
import { counts, facts, hex64, moments, names, observations, texts } from './arbitraries.ts';
import { golden } from './golden/golden.ts';

/** One kind of document: how it prints and parses as text, what it may hold, and one example for the golden file. */
interface Kind<Value> {
  readonly file: string;
  readonly print: (value: Value) => string;
  readonly parse: (text: string) => unknown;
  readonly values: fc.Arbitrary<Value>;
  readonly example: Value;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NAME = '0123456789abcdef'.repeat(4);

const OBSERVATION: Observation = {
  host: 'mirror.example.org',
  category: 'fedora',
  generation: 42,
  facts: NAME,
  health: [
    {
      protocol: 'https',
      state: 'ok',
      sinceMs: 1_795_000_000_000,
      consecutiveFailures: 0,
      consecutiveSuccesses: 12,
      lastOkMs: 1_795_233_600_000,
      evidence: { atMs: 1_795_233_600_000, url: 'https://mirror.example.org/fedora/', text: 'HTTP 200' },
    },
    {
      protocol: 'rsync',
      state: 'down',
      sinceMs: 1_795_000_000_000,
      consecutiveFailures: 3,
      consecutiveSuccesses: 0,
      lastOkMs: undefined,
      evidence: { atMs: 1_795_233_500_000, url: 'rsync://mirror.example.org/fedora/', text: 'connection refused' },
    },
  ],
  checkedMs: { reach: 1_795_233_600_000, full: 1_795_000_000_000 },
  unproven: 5,
  notBeforeMs: 0,
  evidence: [{ atMs: 1_795_233_600_000, url: 'https://mirror.example.org/fedora/x', text: 'absent' }],
};

const kind = <Value>(each: Kind<Value>): Kind<unknown> => each as Kind<unknown>;

const KINDS: readonly Kind<unknown>[] = [
  kind({
    file: 'facts.v1.golden',
    print: (value) => decoder.decode(printFacts(value)),
    parse: (text) => parseFacts(encoder.encode(text)),
    values: facts,
    example: {
      category: 'fedora',
      heads: {
        'os/repodata/repomd.xml': { kind: 'digest', sha256: NAME },
        'a/repodata/repomd.xml': { kind: 'absent' },
      },
      excluded: [3, 4, 5, 9, 190_000],
    },
  }),
  kind({
    file: 'observation.v1.golden',
    print: printObservation,
    parse: parseObservation,
    values: observations,
    example: OBSERVATION,
  }),
  kind({
    file: 'snapshot-pointer.v1.golden',
    print: printSnapshotPointer,
    parse: parseSnapshotPointer,
    values: fc.record({ name: hex64, sequence: counts, publishedMs: moments, sizeBytes: counts }),
    example: { name: NAME, sequence: 7, publishedMs: 1_795_233_600_000, sizeBytes: 25_000_000 },
  }),
  kind({
    file: 'manifest-pointer.v1.golden',
    print: (value) => JSON.stringify(printManifestPointer(value)),
    parse: (text) => parseManifestPointer(JSON.parse(text)),
    values: fc.record({ category: names, generation: counts, name: hex64, changedMs: moments, scannedMs: moments }),
    example: { category: 'fedora', generation: 42, name: NAME, changedMs: 1_795_000_000_000, scannedMs: 1_795_233_600_000 },
  }),
  kind({
    file: 'crawl-request.v1.golden',
    print: printCrawlRequest,
    parse: parseCrawlRequest,
    values: fc
      .record({
        host: names,
        category: names,
        check: fc.constantFrom('reach', 'heads', 'sample', 'full'),
        generation: counts,
        plannedMs: moments,
        basedOnMs: moments,
        publish: fc.option(fc.constant(true), { nil: undefined }),
      })
      .map(({ publish, ...request }) => (publish === undefined ? request : { ...request, publish })),
    example: {
      host: 'mirror.example.org',
      category: 'fedora',
      check: 'heads',
      generation: 42,
      plannedMs: 1_795_233_600_000,
      basedOnMs: 1_795_230_000_000,
    },
  }),
  kind({
    file: 'edge-table.v1.golden',
    print: printEdgeTable,
    parse: parseEdgeTable,
    values: fc
      .uniqueArray(fc.record({ key: texts, value: texts }), { selector: ({ key }) => key })
      .map((entries) => entries.toSorted((a, b) => (a.key < b.key ? -1 : 1))),
    example: [
      { key: 'asn/1653', value: '1' },
      { key: 'p4/24/c0a80000', value: 'h;c=SE' },
    ],
  }),
  kind({
    file: 'static-index.v1.golden',
    print: printStaticIndex,
    parse: parseStaticIndex,
    values: fc.uniqueArray(fc.tuple(texts, hex64), { selector: ([path]) => path }).map((lists) => new Map(lists)),
    example: new Map([['metalink/fedora-41/x86_64', NAME]]),
  }),
];

describe.each(KINDS)('$file', ({ file, print, parse, values, example }) => {
  const expectWireErrorOr = (text: string): void => {
    try {
      parse(text);
    } catch (error) {
      expect(error).toBeInstanceOf(WireError);
    }
  };

  test('comes back as it was printed, and prints the same again', () => {
    fc.assert(
      fc.property(values, (value) => {
        const text = print(value);
        expect(parse(text)).toEqual(value);
        expect(print(parse(text))).toBe(text);
      }),
    );
  });

  test('is read and printed as it was when the version was made', () => {
    const text = golden(file, () => print(example)).toString();
    expect(parse(text)).toEqual(example);
    expect(print(example)).toBe(text);
  });

  test('of a later version is a WireError', () => {
    const later = JSON.stringify({ ...JSON.parse(print(example)), version: 2 });
    expect(() => parse(later)).toThrow(WireError);
  });

  test('with any one field missing or of another kind gives only WireErrors', () => {
    const document = JSON.parse(print(example));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(document)), fc.jsonValue(), (key, value) => {
        expectWireErrorOr(JSON.stringify({ ...document, [key]: value }));
        expectWireErrorOr(JSON.stringify({ ...document, [key]: undefined }));
      }),
    );
  });

  test('is not any JSON', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(() => parse(text)).toThrow(WireError);
      }),
    );
  });
});

const TEXT_KINDS = KINDS.filter(({ file }) => file !== 'manifest-pointer.v1.golden');

test.each(TEXT_KINDS)('$file: text that is not JSON is a WireError', ({ parse, print, example }) => {
  for (const text of ['', 'null', '{', print(example).slice(0, -1)]) expect(() => parse(text)).toThrow(WireError);
});

test('facts that are not UTF-8 are a WireError', () => {
  expect(() => parseFacts(Uint8Array.of(0xff, 0xfe))).toThrow(WireError);
});

test('a few bytes cannot ask for more excluded directories than memory holds', () => {
  const text = JSON.stringify({ version: 1, category: 'c', heads: [], excluded: [0, 2 ** 52] });
  expect(() => parseFacts(encoder.encode(text))).toThrow('more than 20000000 excluded');
});

test('directories excluded in a row take two numbers', () => {
  const all = Array.from({ length: 190_000 }, (_, id) => id);
  const printed = printFacts({ category: 'c', heads: {}, excluded: all });
  expect(decoder.decode(printed)).toBe('{"version":1,"category":"c","heads":[],"excluded":[0,190000]}');
});

test('excluded directories out of order are not printed', () => {
  expect(() => printFacts({ category: 'c', heads: {}, excluded: [4, 4] })).toThrow(RangeError);
});
