// Publishing twenty thousand files, then with a few changed, then again as they are: requests, seconds, bytes and memory of the program
// itself against the real functions on the emulators. Beside it what a release costs that is a folder of its own: every file put anew.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import { AGENT_ENTRY, bundleAgent } from '../local/bundle-agent.ts';
import { publishedFiles } from './publish/published-files.ts';
import { type AgentRun, agentRunner } from './publish/run-agent.ts';
import { type Requests, startVolumesService, type VolumesService } from './publish/volumes-service.ts';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    files: { type: 'string', default: '20000' },
    many: { type: 'string', default: '200000' },
  },
});
const FILES = Number(flags.files);
const MANY = Number(flags.many);
const FILE_BYTES = 2_048;
const MANY_BYTES = 64;
const CONCURRENCY = 8;
const MOST_PER_CHANGED = 2.05;
const MOST_NO_OP_SECONDS = 5;
const MOST_MEBIBYTES = 200;

interface Round {
  readonly changed: number;
  readonly seconds: number;
  readonly sentBytes: number;
  readonly peakMebibytes: number;
  readonly apiCalls: number;
  readonly uploads: number;
  readonly storeReads: number;
  readonly requests: number;
}

const difference = (after: Requests, before: Requests): Requests => ({
  apiCalls: after.apiCalls - before.apiCalls,
  uploads: after.uploads - before.uploads,
  storeReads: after.storeReads - before.storeReads,
});

const rounded = (value: number): number => Number(value.toPrecision(3));

const roundOf = (changed: number, { seconds, peakMebibytes, said }: AgentRun, spent: Requests): Round => ({
  changed,
  seconds: rounded(seconds),
  sentBytes: Number(said['sentBytes'] ?? 0),
  peakMebibytes: Math.round(peakMebibytes),
  ...spent,
  requests: spent.apiCalls + spent.uploads + spent.storeReads,
});

/** Every file under a prefix of the release, as many at a time as the program sends. */
const copyAll = async ({ store }: VolumesService, folder: string) => {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const from = performance.now();
  let bytes = 0;
  await pLimit(CONCURRENCY).map(paths, async (path) => {
    const Body = readFileSync(path);
    bytes += Body.length;
    await store.client.send(new PutObjectCommand({ Bucket: store.name, Key: `copy/${path}`, Body }));
  });
  return { requests: paths.length, bytes, seconds: rounded((performance.now() - from) / 1000) };
};

/** In memory where there is room for it: the disk is not what is measured. */
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'mirrortide-bench-'));
const program = join(folder, 'mirrortide.mjs');
await bundleAgent(AGENT_ENTRY, program);
const service = await startVolumesService();
const run = agentRunner(program, folder, service.url);

const files = publishedFiles(join(folder, 'files'), FILES, FILE_BYTES);
const round = async (changed: number): Promise<Round> => {
  const before = service.requests();
  const ran = await run('publish', 'packages', files.folder, '--release', '--concurrency', String(CONCURRENCY));
  return roundOf(changed, ran, difference(service.requests(), before));
};
const changedRound = (share: number): Promise<Round> => {
  const changed = Math.round(FILES * share);
  files.change(changed);
  return round(changed);
};

const first = await round(FILES);
const onePercent = await changedRound(0.01);
const fivePercent = await changedRound(0.05);
const unchanged = await round(0);
const copied = await copyAll(service, files.folder);
const dryRun = await run('publish', 'empty', files.folder, '--dry-run');
rmSync(files.folder, { recursive: true });
const many = publishedFiles(join(folder, 'many'), MANY, MANY_BYTES);
const manyDryRun = await run('publish', 'empty', many.folder, '--dry-run');
rmSync(folder, { recursive: true, force: true });
await service.stop();

/** What each further file costs; the rest is the same however many changed. */
const perChanged = (fivePercent.requests - onePercent.requests) / (fivePercent.changed - onePercent.changed);
const constant = Math.round(onePercent.requests - perChanged * onePercent.changed);
const peaks = [first, onePercent, unchanged].map(({ peakMebibytes }) => peakMebibytes);
const isGood =
  perChanged <= MOST_PER_CHANGED &&
  unchanged.seconds <= MOST_NO_OP_SECONDS &&
  Math.max(...peaks, manyDryRun.peakMebibytes) <= MOST_MEBIBYTES;
const figures = {
  files: FILES,
  first,
  onePercent,
  fivePercent,
  unchanged,
  requestsPerChangedFile: rounded(perChanged),
  requestsBesides: constant,
  copyOfEveryFile: copied,
  hashing: { files: FILES, seconds: rounded(dryRun.seconds), peakMebibytes: Math.round(dryRun.peakMebibytes) },
  hashingMany: { files: MANY, seconds: rounded(manyDryRun.seconds), peakMebibytes: Math.round(manyDryRun.peakMebibytes) },
  isGood,
};
if (flags.json) console.log(JSON.stringify(figures));
else for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(24)} ${JSON.stringify(value)}`);
if (!isGood) process.exitCode = 1;
