import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoInventoryStore } from '#adapters/aws/dynamo-inventory-store.ts';
import { dynamoManifestStore } from '#adapters/aws/dynamo-manifest-store.ts';
import { dynamoObservationStore } from '#adapters/aws/dynamo-observation-store.ts';
import { s3FactsStore } from '#adapters/aws/s3-facts-store.ts';
import { s3SnapshotStore } from '#adapters/aws/s3-snapshot-store.ts';
import { answerRequest } from '#domain/answer/answer-request.ts';
import { repositoryRequest } from '#domain/answer/request.ts';
import { UNKNOWN_CLIENT } from '#domain/selection/client.ts';
import { readNetworkFile } from '#wire/network-file/read-network-file.ts';
import { openSnapshot } from '#wire/snapshot/open-snapshot.ts';
import { localClients, provision, type Resources } from '../../local/runtime/provision.ts';
import { useEmulators } from '../support/emulators.ts';
import { until } from '../support/until.ts';

/**
 * One process scans, crawls and publishes; it is killed at a random moment two hundred times while the master and its mirrors move
 * on. After every kill, whatever is published must be there, whole, and true: each mirror that an answer names has served a head
 * that this answer accepts, since mirrors here only ever move forward.
 */
const KILLS = 200;
const SEED = Number(process.env['KILL_SEED'] ?? Date.now() % 1_000_000);
const REPOSITORY = 'releases/41/x86_64/os';
const MIRRORS = ['eager', 'slow', 'lazy', 'lying'] as const;
type Name = (typeof MIRRORS)[number];

/** mulberry32: small, seeded, good enough to choose moments. */
let state = SEED;
const random = (): number => {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
};

const emulators = useEmulators();
let folder: string;
let child: string;
let resources: Resources;
const servers = new Map<Name, { readonly server: Server; readonly url: string }>();
/** sha256 of every head that the master, or a mirror, ever served. */
const served = new Map<'master' | Name, Set<string>>();

const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');
const headOf = (root: string): string => join(folder, root, REPOSITORY, 'repodata/repomd.xml');
const repomd = (revision: number, padding = ''): string =>
  `<?xml version="1.0"?>\n<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>${revision}</revision>` +
  `<data type="primary"><timestamp>${1_700_000_000 + revision}</timestamp><size>1</size></data>${padding}</repomd>\n`;

const note = (who: 'master' | Name, text: string | Uint8Array): void => {
  served.set(who, (served.get(who) ?? new Set()).add(sha256(text)));
};

/** The way real masters change: packages first, the head moved into place last. */
const changeMaster = async (revision: number): Promise<void> => {
  const root = join(folder, 'master', REPOSITORY);
  await mkdir(join(root, 'repodata'), { recursive: true });
  await mkdir(join(root, `Packages/${revision % 7}`), { recursive: true });
  await writeFile(join(root, `Packages/${revision % 7}/p-${revision}.rpm`), 'x'.repeat(100 + revision));
  await writeFile(`${headOf('master')}.new`, repomd(revision));
  note('master', repomd(revision));
  await rename(`${headOf('master')}.new`, headOf('master'));
};

const follow = async (name: Name): Promise<void> => {
  const head = await readFile(headOf('master'));
  await cp(join(folder, 'master'), join(folder, name), {
    recursive: true,
    filter: (path) => !path.endsWith('repomd.xml') && !path.endsWith('.new'),
  });
  await mkdir(join(folder, name, REPOSITORY, 'repodata'), { recursive: true });
  const text = name === 'lying' ? Buffer.from(head.toString('utf8').replace('primary', 'primarx')) : head;
  note(name, text);
  await writeFile(`${headOf(name)}.new`, text);
  await rename(`${headOf(name)}.new`, headOf(name));
};

const startMirror = async (name: Name): Promise<void> => {
  const server = createServer((request, response) => {
    void readFile(join(folder, name, decodeURIComponent(request.url ?? '/'))).then(
      (body) => response.writeHead(200, { 'content-length': body.length }).end(request.method === 'HEAD' ? undefined : body),
      () => response.writeHead(404, { 'content-length': 0 }).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.set(name, { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
};

const network = (): string => `
network: { name: killed anywhere, contact: tests@mirrors.example }
policies:
  crawl: { allowedAddresses: [127.0.0.0/8], allowedPorts: any, connectionsPerHost: 4 }
  guard: { maximumShrinkShare: 1 }
hosts:${MIRRORS.map((name) => `\n  - { id: ${name}, country: DE, carries: [{ category: fedora, urls: [${servers.get(name)?.url}] }] }`).join('')}
categories:
  - id: fedora
    master: { directory: master }
    rules: [{ match: 'releases/(?<version>[0-9]+)/(?<arch>[^/]+)/os', repo: 'fedora-\${version}' }]
`;

/** Everything due at every look: as much as possible happens between two kills. */
const applyNetwork = async (): Promise<void> => {
  const loaded = readNetworkFile(Buffer.from(network()), (path) => resolve(folder, path));
  if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.problems));
  const schedule = { scanMasterMs: 0, reachMs: 50, headsMs: 50, sampleMs: 100, fullMs: 100, probeAfterChangeMs: [1] };
  const categories = loaded.inventory.categories.map((category) => ({ ...category, schedule }));
  await dynamoInventoryStore(emulators.dynamoDb(), resources.inventoryTable).apply({ ...loaded.inventory, categories });
};

const startPipeline = (dieOn = ''): ChildProcess => {
  const { dynamoDbEndpoint, s3Endpoint, sqsEndpoint, region, credentials } = emulators.endpoints();
  return spawn(process.execPath, [child], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      PIPELINE_KILL: dieOn,
      PIPELINE_RESOURCES: JSON.stringify(resources),
      AWS_ENDPOINT_URL_DYNAMODB: dynamoDbEndpoint,
      AWS_ENDPOINT_URL_S3: s3Endpoint,
      AWS_ENDPOINT_URL_SQS: sqsEndpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
  });
};

const kill = async (pipeline: ChildProcess): Promise<void> => {
  if (pipeline.exitCode !== null) throw new Error(`the pipeline ended by itself with ${pipeline.exitCode}`);
  if (pipeline.signalCode !== null) return;
  const gone = once(pipeline, 'exit');
  pipeline.kill('SIGKILL');
  await gone;
};

interface Published {
  readonly sequence: number;
  readonly accepted: readonly string[];
  readonly mirrors: readonly Name[];
}

/** Where windows are narrow, moments are chosen by the call: before it is sent, or when it was answered and nobody knows yet. */
const CALLS = [
  'PutObject',
  'PutObject',
  'PutObject',
  'UpdateItem',
  'PutItem',
  'GetObject',
  'Query',
  'SendMessageBatch',
  'DeleteMessage',
] as const;
const randomCall = (): string => {
  const name = CALLS[Math.floor(random() * CALLS.length)] ?? 'PutObject';
  return `${name}#${1 + Math.floor(random() * 4)} ${random() < 0.5 ? 'before' : 'after'}`;
};

/** Runs the pipeline and ends it: three times of four at a call, else at a moment; a call that never comes ends by time. */
const runAndKill = async (): Promise<void> => {
  const atCall = random() < 0.75;
  const pipeline = startPipeline(atCall ? randomCall() : '');
  const gone = once(pipeline, 'exit');
  if (pipeline.stdout !== null) await Promise.race([once(pipeline.stdout, 'data'), gone]);
  await Promise.race([pause(atCall ? 800 : Math.floor(random() ** 2 * 700)), gone]);
  await kill(pipeline);
};

/** What clients would be told now, after checking that every object behind it is there and whole. */
const readPublished = async (): Promise<Published | undefined> => {
  const bucket = { client: emulators.s3(), name: resources.bucket };
  const manifests = dynamoManifestStore(emulators.dynamoDb(), resources.pointerTable, bucket);
  const pointer = await manifests.pointer('fedora');
  if (pointer !== undefined) expect((await manifests.read(pointer)).generation).toBe(pointer.generation);
  for (const { facts } of await dynamoObservationStore(emulators.dynamoDb(), resources.observationTable).list('fedora')) {
    if (facts !== undefined) expect(await s3FactsStore(bucket).get('fedora', facts)).toBeDefined();
  }
  const snapshots = s3SnapshotStore(bucket);
  const published = await snapshots.readPointer();
  if (published === undefined) return undefined;
  const bytes = await snapshots.getSnapshot(published.pointer.name);
  expect(bytes, 'the pointer names a missing object').toBeDefined();
  expect(sha256(bytes ?? new Uint8Array())).toBe(published.pointer.name);
  const view = openSnapshot(bytes ?? new Uint8Array());
  const { status, body } = answerRequest(
    view,
    published.pointer,
    repositoryRequest('metalink', 'fedora-41', 'x86_64'),
    UNKNOWN_CLIENT,
  );
  const mirrors = MIRRORS.filter((name) => body.includes(`${servers.get(name)?.url}/`));
  if (status !== 200) expect(mirrors).toEqual([]);
  return {
    sequence: published.pointer.sequence,
    accepted: [...body.matchAll(/<hash type="sha256">([0-9a-f]{64})/g)].map((match) => match[1] ?? ''),
    mirrors,
  };
};

const expectTrue = (published: Published): void => {
  const masters = served.get('master') ?? new Set();
  expect(published.accepted.filter((hash) => !masters.has(hash))).toEqual([]);
  for (const name of published.mirrors) {
    const heads = served.get(name) ?? new Set();
    expect(
      published.accepted.some((hash) => heads.has(hash)),
      `${name} is listed and never served an accepted head`,
    ).toBe(true);
  }
};

beforeAll(async () => {
  console.info(`killed-anywhere: KILL_SEED=${SEED}`);
  folder = await mkdtemp(join(tmpdir(), 'mirrortide-killed-'));
  child = join(folder, 'pipeline.mjs');
  await build({
    entryPoints: [fileURLToPath(new URL('../support/pipeline-child.ts', import.meta.url))],
    outfile: child,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    logLevel: 'error',
  });
  resources = await provision(emulators.endpoints(), localClients(emulators.endpoints()), {
    crawlSeconds: 1,
    publishSeconds: 1,
    volumeSeconds: 60,
  });
  await changeMaster(0);
  for (const name of MIRRORS) {
    await follow(name);
    await startMirror(name);
  }
  await applyNetwork();
}, 120_000);

afterAll(async () => {
  for (const { server } of servers.values()) {
    server.closeAllConnections();
    server.close();
  }
  await rm(folder, { recursive: true, force: true });
});

describe('a pipeline that is killed at any moment', () => {
  it(`publishes nothing false or missing through ${KILLS} kills, and all that is true afterwards`, {
    timeout: 600_000,
  }, async () => {
    let sequence = 0;
    let observedKills = 0;
    for (let kills = 1; kills <= KILLS; kills += 1) {
      if (random() < 0.5) await changeMaster(kills);
      for (const [name, chance] of [
        ['eager', 0.6],
        ['slow', 0.2],
        ['lazy', 0.05],
        ['lying', 0.5],
      ] as const) {
        if (random() < chance) await follow(name);
      }
      await runAndKill();
      const published = await readPublished();
      if (published === undefined) continue;
      observedKills += 1;
      expect(published.sequence).toBeGreaterThanOrEqual(sequence);
      sequence = published.sequence;
      expectTrue(published);
    }
    expect(observedKills).toBeGreaterThan(KILLS / 2);
    expect(sequence).toBeGreaterThan(10);

    await changeMaster(KILLS + 1);
    for (const name of ['eager', 'lazy', 'lying'] as const) await follow(name);
    const newest = sha256(await readFile(headOf('master')));
    const pipeline = startPipeline();
    const last = await until(
      'the present state of master and mirrors',
      readPublished,
      (published) =>
        published?.accepted[0] === newest && published.mirrors.includes('eager') && published.mirrors.includes('lazy'),
      60_000,
    );
    await kill(pipeline);
    expect(last?.mirrors).not.toContain('lying');
  });
});
