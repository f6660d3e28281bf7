// A sweep of all objects of volumes that have millions of files, on generated ports that answer at once: what the function itself
// takes of time and memory. The time of the real requests comes on top; how many there are is printed.
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { DEFAULT_ACCESS_POLICY } from '#domain/inventory/access-policy.ts';
import { HASH_PREFIXES, YOUNG_MS } from '#domain/volume/garbage.ts';
import { newPointer } from '#domain/volume/volume-state.ts';
import { printRoot } from '#wire/tree/tree-document.ts';
import { type SweepVolumesDeps, sweepVolumes } from '../functions/sweep-volumes/sweep-volumes.ts';

const { values: flags } = parseArgs({
  options: { json: { type: 'boolean', default: false }, objects: { type: 'string', default: '2000000' } },
});
const OBJECTS = Number(flags.objects);
/** One of so many objects is garbage. */
const GARBAGE = 500;
const SHARD = 1_000;
const PAGE = 1_000;
const NOW_MS = 1_800_000_000_000;

/** The hash of an object by its number: its beginning is known, so that those of a prefix can be listed without all of them. */
const hashOf = (number: number): string =>
  HASH_PREFIXES[number % 256] + createHash('sha256').update(String(number)).digest('hex').slice(2);
const isGarbage = (number: number): boolean => number % GARBAGE === GARBAGE - 1;
const shardName = (shard: number): string => createHash('sha256').update(`shard ${shard}`).digest('hex');

const entriesOf = (shard: number): readonly number[] =>
  Array.from({ length: Math.min(SHARD, OBJECTS - shard * SHARD) }, (_, at) => shard * SHARD + at).filter(
    (number) => !isGarbage(number),
  );
const lineOf = (number: number): string =>
  `["pool/main/p/package-${String(number).padStart(9, '0')}_1.0-1_amd64.deb",${number},"${hashOf(number)}"]\n`;

const SHARDS = Array.from({ length: Math.ceil(OBJECTS / SHARD) }, (_, shard) => shard);
const SHARD_BY_NAME = new Map(SHARDS.map((shard) => [shardName(shard), shard]));
const ROOT = createHash('sha256').update('root').digest('hex');

const rootDocument = (): string => {
  const shards = SHARDS.map((shard) => {
    const numbers = entriesOf(shard);
    const first = `pool/main/p/package-${String(numbers[0]).padStart(9, '0')}_1.0-1_amd64.deb`;
    return { first, files: numbers.length, bytes: numbers.reduce((sum, number) => sum + number, 0), sha256: shardName(shard) };
  });
  const total = (of: 'files' | 'bytes') => shards.reduce((sum, shard) => sum + shard[of], 0);
  return printRoot({ files: total('files'), bytes: total('bytes'), shards });
};

const calls = { reads: 0, lists: 0, dooms: 0, removals: 0, table: 0 };
const release = {
  volume: 'v',
  sequence: 1,
  root: ROOT,
  state: 'CURRENT',
  files: 1,
  bytes: 1,
  createdMs: 0,
  createdBy: 'x',
  sinceMs: 0,
  pinned: false,
} as const;
const counted = async <Answer>(name: keyof typeof calls, answer: Answer): Promise<Answer> => {
  calls[name] += 1;
  return answer;
};

const deps: SweepVolumesDeps = {
  content: {
    read: async () => ({
      rules: { names: { domain: undefined, places: [] }, volumes: [], proxies: [] },
      access: DEFAULT_ACCESS_POLICY,
      crawl: { contact: 'x', allowedAddresses: [], allowedPorts: 'any', requestsPerCheck: 1, connectionsPerHost: 1 },
    }),
  },
  store: {
    volumes: () => counted('table', ['v']),
    pointer: (volume) => counted('table', newPointer(volume)),
    releases: () => counted('table', [release]),
    change: async () => [],
  },
  upstreams: { readAll: async () => new Map() },
  objects: {
    read: async (sha256) => {
      const shard = SHARD_BY_NAME.get(sha256);
      const text = shard === undefined ? rootDocument() : entriesOf(shard).map(lineOf).join('');
      return counted('reads', new TextEncoder().encode(text));
    },
  },
  garbage: {
    list: async function* (prefix) {
      const first = Number.parseInt(prefix, 16);
      const numbers = Array.from({ length: Math.ceil((OBJECTS - first) / 256) }, (_, at) => first + at * 256);
      for (let start = 0; start < numbers.length; start += PAGE) {
        calls.lists += 1;
        const page = numbers.slice(start, start + PAGE);
        yield page.map((number) => ({ sha256: hashOf(number), sizeBytes: number, storedMs: NOW_MS - YOUNG_MS }));
      }
    },
    remove: () => counted('removals', 'removed'),
  },
  dooms: {
    doom: () => counted('dooms', 'doomed'),
    lift: () => counted('dooms', undefined),
    list: () => counted('dooms', []),
  },
  sweeps: { last: () => counted('table', undefined), put: () => counted('table', undefined) },
  clock: { now: () => NOW_MS },
  newId: () => 'run',
  prefixes: HASH_PREFIXES,
  log: { info: () => undefined, warn: () => undefined, error: () => undefined },
};

let peakBytes = 0;
const watch = setInterval(() => {
  peakBytes = Math.max(peakBytes, process.memoryUsage().rss);
}, 50);
const started = performance.now();
const { sweep } = await sweepVolumes(deps, { kind: 'hourly' });
clearInterval(watch);
const figures = {
  objects: sweep?.looked,
  removed: sweep?.removed,
  seconds: Number(((performance.now() - started) / 1000).toFixed(1)),
  peakMebibytes: Math.round(Math.max(peakBytes, process.memoryUsage().rss) / 2 ** 20),
  ...calls,
};
console.log(flags.json ? JSON.stringify(figures) : figures);
const expected = Math.floor(OBJECTS / GARBAGE);
if (sweep?.removed !== expected) {
  console.error(`removed ${sweep?.removed} objects instead of ${expected}`);
  process.exitCode = 1;
}
