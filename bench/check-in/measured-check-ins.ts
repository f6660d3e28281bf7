// Check-ins of a private host through the endpoint itself, on the emulators: unpacking, token, facts object, lease and observation. Beside it
// what MirrorManager2 does with the same report: one row for each directory.
import { randomBytes } from 'node:crypto';
import { CreateTableCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { dynamoCheckInHints } from '#adapters/aws/dynamo-check-in-hints.ts';
import { dynamoHostTokens } from '#adapters/aws/dynamo-host-tokens.ts';
import { dynamoManifestStore } from '#adapters/aws/dynamo-manifest-store.ts';
import { dynamoObservationStore } from '#adapters/aws/dynamo-observation-store.ts';
import { s3FactsStore } from '#adapters/aws/s3-facts-store.ts';
import type { Inventory } from '#domain/inventory/inventory.ts';
import type { Manifest } from '#domain/master/manifest.ts';
import { parseNetworkFile } from '#wire/network-file/parse-network-file.ts';
import { answerReport } from '../../functions/hosts-api/answer-report.ts';
import type { CheckInDeps } from '../../functions/hosts-api/hosts-deps.ts';
import { networkReads } from '../../functions/hosts-api/network-reads.ts';
import { startEmulators } from '../../local/emulators/start-emulators.ts';
import { localClients } from '../../local/runtime/provision.ts';
import { packedReport } from './packed-report.ts';

export interface MeasuredCheckIns {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly reportBytes: number;
  /** One row per directory: check-ins a second, and write units of one. */
  readonly rowsPerSecond: number;
  readonly rowWriteUnits: number;
}

const WARM_UP = 3;
const CHECK_INS = 40;
/** Further apart than a host may check in. */
const APART_MS = 60_000;
/** Of the baseline, which is the same for every directory. */
const MEASURED_ROWS = 2_500;
const HOST = 'private.mirrors.invalid';
const WRITES = /^(Put|Update|Delete)/;

const NETWORK = {
  network: { name: 'bench', contact: 'bench@mirrors.invalid' },
  categories: [{ id: 'linux', topDirectory: 'pub', master: '/srv/master', rules: [] }],
  hosts: [{ id: HOST, country: 'DE', private: true, carries: [{ category: 'linux', urls: ['http://private.example.org/pub'] }] }],
};

const inventoryOf = (): Inventory => {
  const parsed = parseNetworkFile(NETWORK, (path) => path);
  if (parsed.kind !== 'ok') throw new Error(`the network of the benchmark is not valid: ${JSON.stringify(parsed)}`);
  return parsed.inventory;
};

const manifestOf = (directories: number): Manifest => ({
  category: 'linux',
  generation: 1,
  createdMs: Date.now(),
  nextDirectoryId: directories,
  directories: Array.from({ length: directories }, (_, id) => ({
    id,
    path: `releases/44/Everything/x86_64/os/Packages/${String(id).padStart(7, '0')}`,
    modifiedSeconds: 1_700_000_000,
    fingerprint: 'ab'.repeat(32),
    changedIn: 1,
    readable: true,
    sample: [],
  })),
  repositories: [],
});

const countUnits = (client: DynamoDBClient): { write: number; read: number } => {
  const units = { write: 0, read: 0 };
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } });
        const { ConsumedCapacity: used } = result.output as { ConsumedCapacity?: { CapacityUnits?: number } };
        units[WRITES.test(commandName) ? 'write' : 'read'] += used?.CapacityUnits ?? 0;
        return result;
      },
    { step: 'initialize', name: 'countUnits' },
  );
  return units;
};

const makeTable = async (client: DynamoDBClient, TableName: string, ...keys: readonly string[]): Promise<string> => {
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: keys.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? 'HASH' : 'RANGE' })),
    }),
  );
  return TableName;
};

/** The row of one host in one directory: whether it is up to date. */
const measureRows = async (client: DynamoDBClient, paths: readonly string[], units: { write: number }) => {
  const table = await makeTable(client, 'rows', 'host', 'path');
  const [before, from] = [units.write, performance.now()];
  for (const path of paths.slice(0, MEASURED_ROWS)) {
    await client.send(
      new PutItemCommand({ TableName: table, Item: { host: { S: HOST }, path: { S: path }, up2date: { BOOL: true } } }),
    );
  }
  const share = paths.length / Math.min(paths.length, MEASURED_ROWS);
  return { seconds: ((performance.now() - from) / 1000) * share, writeUnits: (units.write - before) * share };
};

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

export const measureCheckIns = async (directories: number): Promise<MeasuredCheckIns> => {
  const emulators = await startEmulators({});
  const clients = localClients(emulators);
  const { dynamoDb } = clients;
  try {
    const units = countUnits(dynamoDb);
    const [pointers, observations, hosts] = await Promise.all([
      makeTable(dynamoDb, 'pointers', 'pointer'),
      makeTable(dynamoDb, 'observations', 'category', 'host'),
      makeTable(dynamoDb, 'hosts', 'pk', 'sk'),
    ]);
    const bucket = { client: clients.s3, name: 'bench' };
    await clients.s3.send(new CreateBucketCommand({ Bucket: bucket.name }));
    let nowMs = Date.now();
    const clock = { now: () => nowMs };
    const manifests = dynamoManifestStore(dynamoDb, pointers, bucket);
    const manifest = manifestOf(directories);
    await manifests.publish(manifest, undefined, nowMs);
    const tokens = dynamoHostTokens(dynamoDb, hosts, randomBytes);
    const inventory = inventoryOf();
    const deps: CheckInDeps = {
      tokens,
      reads: networkReads({ load: async () => inventory }, manifests, clock, quiet),
      manifests,
      observations: dynamoObservationStore(dynamoDb, observations),
      facts: s3FactsStore(bucket),
      hints: dynamoCheckInHints(dynamoDb, hosts),
      crawls: { send: async () => undefined },
      publish: { soon: async () => undefined },
      clock,
      pause: async () => undefined,
      log: quiet,
    };
    const issued = await tokens.issue({ host: HOST, by: 'bench', label: '' }, nowMs);
    if (issued.kind !== 'issued') throw new Error('no token was issued');
    const paths = manifest.directories.map(({ path }) => path);
    const took: number[] = [];
    let before = { ...units };
    let reportBytes = 0;
    for (let run = 0; run < WARM_UP + CHECK_INS; run += 1) {
      if (run === WARM_UP) before = { ...units };
      nowMs += APART_MS;
      // Another directory is missing each time, so that no check-in finds its own facts.
      const body = await packedReport(HOST, issued.token, paths.toSpliced(run, 1));
      reportBytes = body.length;
      const from = performance.now();
      const reply = await answerReport(deps, { ...CALL, body });
      if (run >= WARM_UP) took.push(performance.now() - from);
      if (!reply.body.includes('checked in successful')) throw new Error(reply.body);
    }
    const used = { write: units.write - before.write, read: units.read - before.read };
    const sorted = took.toSorted((a, b) => a - b);
    const rows = await measureRows(dynamoDb, paths, units);
    return {
      perSecond: CHECK_INS / (took.reduce((sum, one) => sum + one, 0) / 1000),
      p50Ms: sorted[Math.floor(sorted.length / 2)] ?? 0,
      writeUnits: used.write / CHECK_INS,
      readUnits: used.read / CHECK_INS,
      reportBytes,
      rowsPerSecond: 1 / rows.seconds,
      rowWriteUnits: rows.writeUnits,
    };
  } finally {
    for (const client of [clients.dynamoDb, clients.s3, clients.sqs]) client.destroy();
    await emulators.stop();
  }
};

const CALL = {
  method: 'POST',
  path: '/xmlrpc',
  query: '',
  headers: {},
  arrivedMs: 0,
  sourceIp: '127.0.0.1',
  certificateSubject: undefined,
  claims: undefined,
};
