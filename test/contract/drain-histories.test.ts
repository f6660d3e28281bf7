import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dynamoDrainStore } from '#adapters/aws/dynamo-drain-store.ts';
import {
  type HistoryAction,
  type HistoryOptions,
  type HistoryPlan,
  type HistoryResult,
  type HistoryRound,
  runDrainHistory,
} from '../support/drain-history.ts';
import { useEmulators } from '../support/emulators.ts';
import { type FaultPlan, injectFaults } from '../support/fault-injection.ts';
import { type Weaken, weakened } from '../support/weakened-table.ts';
import { freshTable, quickRetries } from './places.ts';

const emulators = useEmulators();
/** Histories of one batch run side by side, each in a category of its own. */
const BATCH = 40;
/** A thousand histories here; `DRAIN_HISTORY_BATCHES=250` takes ten thousand, in some minutes. */
const BATCHES = Number(process.env['DRAIN_HISTORY_BATCHES'] ?? 25);
const MUTANT_BATCHES = 40;

const host = fc.nat({ max: 3 });
const dies = fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }) });
const action: fc.Arbitrary<HistoryAction> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('begin' as const), host, dies }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('beat' as const), host, dies }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('end' as const), host, good: fc.boolean(), dies }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sweep' as const), host, dies }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('check' as const), host, dies }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('publish' as const), dies }) },
);
const rounds = fc.array(
  fc.record({
    passes: fc.constantFrom<HistoryRound['passes'][]>('nothing', 'seconds', 'caches', 'caches', 'caches', 'lease'),
    actions: fc.array(action, { minLength: 1, maxLength: 4 }),
  }),
  { minLength: 4, maxLength: 7 },
);
const plans = fc
  .record({
    hosts: fc.integer({ min: 2, max: 4 }),
    regions: fc.boolean(),
    minInService: fc.integer({ min: 1, max: 2 }),
    maxDraining: fc.integer({ min: 1, max: 2 }),
    onFailure: fc.constantFrom('hold-slot' as const, 'free-slot' as const),
    rounds,
  })
  .map((plan): HistoryPlan => ({ ...plan, minInService: Math.min(plan.minInService, plan.hosts - 1) }));
const batchOf = fc.array(plans, { minLength: BATCH, maxLength: BATCH });

/** Every so many writes are done and their replies lost, below the SDK's retries. */
const lossy: FaultPlan = ({ command, number }) =>
  number % 23 === 0 && (command === 'TransactWriteItemsCommand' || command === 'PutItemCommand')
    ? { kind: 'reply-lost' }
    : undefined;

const runBatch = async (
  batch: readonly HistoryPlan[],
  options: HistoryOptions = {},
  weaken?: Weaken,
): Promise<readonly HistoryResult[]> => {
  const client = emulators.dynamoDb(quickRetries());
  const table = await freshTable(client, emulators.freshName('drains'), 'pk', 'sk');
  injectFaults(client, lossy);
  if (weaken !== undefined) weakened(client, weaken);
  const [store, calm] = [dynamoDrainStore(client, table), dynamoDrainStore(emulators.dynamoDb(quickRetries()), table)];
  const results = await Promise.all(batch.map((plan, at) => runDrainHistory(store, calm, `c${at}`, plan, options)));
  await emulators.dynamoDb().send(new DeleteTableCommand({ TableName: table }));
  client.destroy();
  return results;
};

test(`over ${BATCH * BATCHES} histories no group falls below its minimum, nobody returns unverified, no slot leaks, and everybody comes home`, async () => {
  const seed = Date.now() & 0x7fffffff;
  console.log(`drain histories: seed ${seed}`);
  const sums = { drains: 0, returns: 0, lost: 0 };
  const property = fc.asyncProperty(batchOf, async (batch) => {
    const results = await runBatch(batch);
    for (const { drains, returns, lost } of results) {
      sums.drains += drains;
      sums.returns += returns;
      sums.lost += lost;
    }
    expect(results.flatMap(({ violations }) => violations)).toEqual([]);
  });
  await fc.assert(property, { numRuns: BATCHES, seed, endOnFailure: true });
  console.log(`${BATCH * BATCHES} histories: ${sums.drains} drains, ${sums.returns} returns, ${sums.lost} died`);
  // Histories in which nobody ever goes away say nothing.
  expect(sums.drains).toBeGreaterThan((BATCH * BATCHES) / 2);
}, 600_000);

const withoutSize: Weaken = (item) => {
  const condition = item.Update?.ConditionExpression;
  if (item.Update === undefined || condition === undefined || !condition.includes('size(#in)')) return item;
  const { ':least': _, ...values } = item.Update.ExpressionAttributeValues ?? {};
  return {
    Update: {
      ...item.Update,
      ConditionExpression: condition.replace('size(#in) > :least AND ', ''),
      ExpressionAttributeValues: values,
    },
  };
};

const withoutVersion: Weaken = (item) => {
  if (item.Put?.ConditionExpression !== '#v = :seen') return item;
  const { ConditionExpression: _c, ExpressionAttributeNames: _n, ExpressionAttributeValues: _v, ...put } = item.Put;
  return { Put: put };
};

const withoutServing: Weaken = (item) => {
  if (item.ConditionCheck?.ConditionExpression?.includes('#s IN') !== true) return item;
  const { ExpressionAttributeValues: _, ...check } = item.ConditionCheck;
  return {
    ConditionCheck: { ...check, ConditionExpression: 'attribute_exists(#s) OR attribute_not_exists(#s)' },
  };
};

const alive = { host: 0, dies: undefined };
/** One host goes all the way and leaves its tree broken; everything is as random as ever after that. */
const BROKEN: readonly HistoryRound[] = [
  { passes: 'nothing', actions: [{ kind: 'begin', ...alive }] },
  { passes: 'nothing', actions: [{ kind: 'publish', dies: undefined }] },
  { passes: 'caches', actions: [{ kind: 'beat', ...alive }] },
  { passes: 'seconds', actions: [{ kind: 'end', good: false, ...alive }] },
  { passes: 'seconds', actions: [{ kind: 'check', ...alive }] },
];

describe('the same test catches', () => {
  test.each<[string, HistoryOptions, Weaken | undefined, (readonly HistoryRound[])?]>([
    ['a slot that does not ask how many stay', {}, withoutSize],
    ['a write that does not ask whether somebody was faster', {}, withoutVersion],
    ['a publisher that counts in who went away meanwhile', {}, withoutServing],
    ['a return that nobody verified', { believesAll: true }, undefined, BROKEN],
  ])(
    '%s',
    async (_, options, weaken, story = []) => {
      const all = fc
        .sample(plans, { numRuns: BATCH * MUTANT_BATCHES, seed: 7 })
        .map((plan) => ({ ...plan, rounds: [...story, ...plan.rounds] }));
      for (let start = 0; start < all.length; start += BATCH) {
        const found = (await runBatch(all.slice(start, start + BATCH), options, weaken)).flatMap(({ violations }) => violations);
        if (found.length > 0) {
          console.log(`caught after ${start + BATCH} histories: ${found[0]}`);
          return;
        }
      }
      expect.fail(`${all.length} histories saw nothing wrong`);
    },
    600_000,
  );
});
