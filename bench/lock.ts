// Locks: acquire, confirm and release through the real operations on the DynamoDB emulator, alone and with waiters; then 10,000
// hosts through 100 slots in simulated time, some of which die waiting, beside clients that ask every 60 s. Simulated figures are the
// same on every machine.
import { parseArgs } from 'node:util';
import { CreateTableCommand, DeleteItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { dynamoLockStore } from '#adapters/aws/dynamo-lock-store.ts';
import type { LockStore, Newcomer } from '#ports/lock-store.ts';
import { lockTableInput } from '#wire/lock/lock-table.ts';
import { type LockOperations, lockOperations } from '../functions/lock-api/lock-operations.ts';
import { startDynamoDb } from '../local/emulators/dynamodb.ts';
import { EMULATOR_CREDENTIALS, EMULATOR_REGION } from '../local/emulators/emulator-identity.ts';
import { simulateFixedPolling, simulateHosts } from './locks/simulate-hosts.ts';

const { values: flags } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const WAITERS = [0, 1, 100, 10_000];
const PAIRS = 300;
const WARM_UP = 30;
const FLEET = { hosts: 10_000, slots: 100, arriveWithinMs: 1_800_000, meanHoldMs: 480_000, deadShare: 0.02 };
/** Of a fleet in which more than usual die waiting. */
const FRAIL_SHARE = 0.05;
const HOLD = { mode: 'hold', leaseMs: 600_000, offerMs: 120_000, queue: 'fifo', staleMs: 14_400_000 } as const;
const CONFIG = {
  enabled: true,
  slots: 1,
  failureBudget: 1,
  policy: HOLD,
  group: undefined,
  owner: undefined,
  comment: undefined,
};
const LIMIT = { withinMs: 30_000 };
const WRITES = new Set(['UpdateItemCommand', 'PutItemCommand', 'DeleteItemCommand']);

const emulator = await startDynamoDb();
const client = new DynamoDBClient({
  endpoint: emulator.endpoint,
  region: EMULATOR_REGION,
  credentials: { ...EMULATOR_CREDENTIALS },
});
const units = { write: 0, read: 0 };
client.middlewareStack.add(
  (next, { commandName = '' }) =>
    async (args) => {
      const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } });
      const { ConsumedCapacity: used } = result.output as { ConsumedCapacity?: { CapacityUnits?: number } };
      units[WRITES.has(commandName) ? 'write' : 'read'] += used?.CapacityUnits ?? 0;
      return result;
    },
  { step: 'initialize', name: 'countUnits' },
);

const operationsOn = (store: LockStore): LockOperations => {
  const none = { locks: [], tokens: [], plain: [], plainFrom: [], operators: [], groups: [] };
  const rules = { defaults: CONFIG, createOnFirstUse: ['*'], ...none };
  let ids = 0;
  return lockOperations({
    store,
    rules: { current: async () => rules, fresh: async () => rules },
    clock: { now: Date.now },
    newId: () => {
      ids += 1;
      return `id-${ids}`;
    },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
};

/** Seen an hour from now, so that nobody is late while this is measured, on however slow a machine. */
const newcomer = (host: string): Newcomer => ({
  host,
  client: 'native',
  nowMs: Date.now() + 3_600_000,
  intervalMs: () => 20_000,
});

const fill = async (store: LockStore, lock: string, waiters: number): Promise<void> => {
  const all = Array.from({ length: waiters }, (_, index) => `waiter-${index}`);
  while (all.length > 0) {
    const some = all.splice(0, 50);
    await Promise.all(some.map((host) => store.enqueue(lock, newcomer(host), LIMIT)));
  }
};

const quantile = (sorted: readonly number[], share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;

/** One slot goes from host to host; whoever released waits again, so that the queue stays as long as it is. */
const measure = async (waiters: number) => {
  const table = `locks-${waiters}`;
  await client.send(new CreateTableCommand(lockTableInput(table)));
  const store = dynamoLockStore(client, table);
  const operations = operationsOn(store);
  const call = (host: string) => ({ lock: 'update', host, arrivedMs: Date.now() });
  await fill(store, 'update', waiters);
  const turns = (await store.waiters('update', waiters + 1, LIMIT)).map(({ host }) => host);
  const took = { acquire: [] as number[], release: [] as number[] };
  const used = { acquireWrites: 0, acquireReads: 0, releaseWrites: 0 };
  for (let pair = 0; pair < WARM_UP + PAIRS; pair += 1) {
    const host = turns.shift() ?? 'host';
    const before = { ...units };
    const from = performance.now();
    const outcome = await operations.acquire({ ...call(host), requestId: `${host} ${pair}` });
    if (outcome.kind !== 'granted') throw new Error(`${host} was answered ${outcome.kind}`);
    const { fence } = outcome.grant;
    await operations.confirm({ ...call(host), fence });
    const middle = performance.now();
    if (pair >= WARM_UP) {
      took.acquire.push(middle - from);
      used.acquireWrites += units.write - before.write;
      used.acquireReads += units.read - before.read;
    }
    if (waiters > 0) {
      await store.enqueue('update', newcomer(`${host}'`), LIMIT);
      turns.push(`${host}'`);
    }
    const written = units.write;
    const releasing = performance.now();
    await operations.release({ ...call(host), fence });
    if (pair < WARM_UP) continue;
    took.release.push(performance.now() - releasing);
    used.releaseWrites += units.write - written;
  }
  // Without the time that the newcomers take to queue up.
  const seconds = [...took.acquire, ...took.release].reduce((sum, one) => sum + one, 0) / 1000;
  const sorted = took.acquire.toSorted((a, b) => a - b);
  const released = took.release.toSorted((a, b) => a - b);
  return {
    perSecond: PAIRS / seconds,
    acquireP50Ms: quantile(sorted, 0.5),
    acquireP99Ms: quantile(sorted, 0.99),
    releaseP50Ms: quantile(released, 0.5),
    releaseP99Ms: quantile(released, 0.99),
    writeUnits: used.acquireWrites / PAIRS,
    releaseWriteUnits: used.releaseWrites / PAIRS,
    readUnits: used.acquireReads / PAIRS,
  };
};

/** What the emulator allows: a lock that is nothing but an item, put if absent and deleted; no queue, no fence, no confirmation. */
const measureBare = async (): Promise<number> => {
  await client.send(new CreateTableCommand(lockTableInput('bare')));
  const Key = { pk: { S: 'update' }, sk: { S: 'lock' } };
  let started = 0;
  for (let pair = 0; pair < WARM_UP + PAIRS; pair += 1) {
    if (pair === WARM_UP) started = performance.now();
    await client.send(new PutItemCommand({ TableName: 'bare', Item: Key, ConditionExpression: 'attribute_not_exists(pk)' }));
    await client.send(new DeleteItemCommand({ TableName: 'bare', Key, ConditionExpression: 'attribute_exists(pk)' }));
  }
  return PAIRS / ((performance.now() - started) / 1000);
};

const bare = await measureBare();
const measured = new Map<number, Awaited<ReturnType<typeof measure>>>();
for (const waiters of WAITERS) measured.set(waiters, await measure(waiters));
client.destroy();
await emulator.stop();
const fleet = await simulateHosts(FLEET);
const frail = await simulateHosts({ ...FLEET, deadShare: FRAIL_SHARE });
const fixed = await simulateFixedPolling(FLEET);

const rounded = (value: number): number => Number(value.toPrecision(4));
const [alone, crowded] = [measured.get(0), measured.get(10_000)];
const figures = {
  barePairsPerSecond: bare,
  acquireReleasePerSecond: alone?.perSecond ?? 0,
  ...Object.fromEntries(
    WAITERS.slice(1).map((count) => [`acquireReleasePerSecondWith${count}`, measured.get(count)?.perSecond ?? 0]),
  ),
  acquireP50Ms: alone?.acquireP50Ms ?? 0,
  acquireP99Ms: alone?.acquireP99Ms ?? 0,
  acquireP50MsWith10000: crowded?.acquireP50Ms ?? 0,
  acquireP99MsWith10000: crowded?.acquireP99Ms ?? 0,
  releaseP50Ms: alone?.releaseP50Ms ?? 0,
  releaseP99Ms: alone?.releaseP99Ms ?? 0,
  writeUnitsPerAcquire: alone?.writeUnits ?? 0,
  readUnitsPerAcquire: alone?.readUnits ?? 0,
  writeUnitsPerRelease: alone?.releaseWriteUnits ?? 0,
  writeUnitsPerAcquireWith10000: crowded?.writeUnits ?? 0,
  writeUnitsPerReleaseWith10000: crowded?.releaseWriteUnits ?? 0,
  requestsPerHost: fleet.requestsPerHost,
  requestsPerHostPerMinute: fleet.requestsPerHostPerMinute,
  slotIdleShare: fleet.slotIdleShare,
  meanOrderShift: fleet.meanOrderShift,
  maxOvertakes: fleet.maxOvertakes,
  hours: fleet.hours,
  frailRequestsPerHost: frail.requestsPerHost,
  frailSlotIdleShare: frail.slotIdleShare,
  frailMeanOrderShift: frail.meanOrderShift,
  fixedPollingRequestsPerHost: fixed.requestsPerHost,
  fixedPollingMeanOrderShift: fixed.meanOrderShift,
};
const printed = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, rounded(value)]));
if (flags.json) console.log(JSON.stringify(printed));
else for (const [name, value] of Object.entries(printed)) console.log(`${name.padEnd(36)} ${value}`);
