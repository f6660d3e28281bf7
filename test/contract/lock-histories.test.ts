import {
  CreateTableCommand,
  DeleteTableCommand,
  type DynamoDBClient,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dynamoLockStore } from '#adapters/aws/dynamo-lock-store.ts';
import { lockTableInput } from '#wire/lock/lock-table.ts';
import { useEmulators } from '../support/emulators.ts';
import { isLinearizable } from '../support/linearizability.ts';
import { type HistoryPlan, type HistoryResult, runHistory } from '../support/lock-history.ts';

const emulators = useEmulators();
/** Histories of one batch run side by side, each with a lock of its own. */
const BATCH = 50;
/**
 * A thousand histories here; five thousand by `LOCK_HISTORY_BATCHES=100 vitest run test/contract/lock-histories.test.ts`. Of
 * 2026-11-21: 5,000 histories, 92,613 calls, 26,445 grants, nothing wrong, in 415 s on two busy cores.
 */
const BATCHES = Number(process.env['LOCK_HISTORY_BATCHES'] ?? 20);
/** Half a minute for each batch, of which it needs two to ten seconds. */
const PATIENCE_MS = Math.max(600_000, BATCHES * 30_000);
const LINEAR_BATCHES = Number(process.env['LOCK_LINEAR_BATCHES'] ?? 2);
const MUTANT_BATCHES = 40;

const clients = fc.record({
  client: fc.constantFrom('native' as const, 'native' as const, 'native' as const, 'foreman' as const, 'fleetlock' as const),
  cycles: fc.constantFrom(1, 1, 2),
});

const plans = fc.record<HistoryPlan>({
  seed: fc.integer(),
  slots: fc.constantFrom(1, 1, 2),
  mode: fc.constantFrom('hold' as const, 'hold' as const, 'hold' as const, 'lease' as const),
  clients: fc.array(clients, { minLength: 2, maxLength: 3 }),
  faultShare: fc.constantFrom(0, 0.1, 0.25),
  hurried: fc.boolean(),
});

const calmPlans = plans.map(
  (plan): HistoryPlan => ({
    ...plan,
    mode: 'hold',
    hurried: false,
    clients: plan.clients.slice(0, 3).map(({ cycles }) => ({ client: 'native', cycles })),
  }),
);

/** The same operations over a table whose conditions were made weaker. */
type Weaken = (condition: string) => string;

const weakened = (client: DynamoDBClient, weaken: Weaken): DynamoDBClient => {
  client.middlewareStack.add(
    (next) => (args) => {
      const input = args.input as UpdateItemCommandInput;
      if (input.UpdateExpression === undefined || input.ConditionExpression === undefined) return next(args);
      const condition = weaken(input.ConditionExpression);
      const texts = `${input.UpdateExpression} ${condition}`;
      const used = <T>(all: Record<string, T> | undefined): Record<string, T> =>
        Object.fromEntries(Object.entries(all ?? {}).filter(([name]) => new RegExp(`${name}(?![A-Za-z0-9])`).test(texts)));
      return next({
        ...args,
        input: {
          ...input,
          ConditionExpression: condition,
          ExpressionAttributeNames: used(input.ExpressionAttributeNames),
          ExpressionAttributeValues: used(input.ExpressionAttributeValues),
        } as typeof args.input,
      });
    },
    { step: 'initialize', name: 'weakened' },
  );
  return client;
};

interface Batches {
  /** Runs the batch; locks are new for each run, also when fast-check shrinks. */
  run(batch: readonly HistoryPlan[]): Promise<readonly HistoryResult[]>;
}

/** A table for each batch, without the stream that nobody reads here: the emulator becomes slow with what it has to keep. */
const batches = (weaken?: Weaken): Batches => ({
  run: async (batch) => {
    const client = emulators.dynamoDb();
    const table = emulators.freshName('locks');
    const { StreamSpecification: _unread, ...withoutStream } = lockTableInput(table);
    await client.send(new CreateTableCommand(withoutStream));
    const store = dynamoLockStore(weaken === undefined ? client : weakened(client, weaken), table);
    const results = await Promise.all(batch.map((plan, at) => runHistory(store, `lock-${at}`, plan)));
    await emulators.dynamoDb().send(new DeleteTableCommand({ TableName: table }));
    client.destroy();
    return results;
  },
});

const batchOf = (plan: fc.Arbitrary<HistoryPlan>): fc.Arbitrary<HistoryPlan[]> =>
  fc.array(plan, { minLength: BATCH, maxLength: BATCH });

test(
  `over ${BATCH * BATCHES} histories nobody is inside together, no fence comes twice, nothing is lost and nobody waits for ever`,
  async () => {
    const seed = Date.now() & 0x7fffffff;
    console.log(`lock histories: seed ${seed}`);
    const { run } = batches();
    let grants = 0;
    let calls = 0;
    const property = fc.asyncProperty(batchOf(plans), async (batch) => {
      const results = await run(batch);
      grants += results.reduce((sum, result) => sum + result.grants, 0);
      calls += results.reduce((sum, result) => sum + result.calls.length, 0);
    });
    await fc.assert(property, { numRuns: BATCHES, seed, endOnFailure: true });
    console.log(`${BATCH * BATCHES} histories: ${calls} calls, ${grants} grants`);
    // A history that never grants says nothing.
    expect(grants).toBeGreaterThan(BATCH * BATCHES);
  },
  PATIENCE_MS,
);

test(`what ${BATCH * LINEAR_BATCHES} concurrent histories were told is what a lock that does one thing at a time would have said`, async () => {
  const seed = Date.now() & 0x7fffffff;
  console.log(`linearizable histories: seed ${seed}`);
  const { run } = batches();
  const property = fc.asyncProperty(batchOf(calmPlans), async (batch) => {
    for (const [at, { calls }] of (await run(batch)).entries()) {
      if (!isLinearizable(calls, batch[at]?.slots ?? 1)) {
        throw new Error(
          `no order explains ${JSON.stringify(batch[at])}:\n${calls.map((call) => JSON.stringify(call)).join('\n')}`,
        );
      }
    }
  });
  await fc.assert(property, { numRuns: LINEAR_BATCHES, seed, endOnFailure: true });
}, 600_000);

interface Mutant {
  readonly name: string;
  readonly weaken: Weaken;
  /** What it takes to be bitten: here the same host again and again, with copies of its old requests on the way. */
  readonly clients?: HistoryPlan['clients'];
}

const MUTANTS: readonly Mutant[] = [
  {
    name: 'grants without comparing anything',
    weaken: (condition) => (condition.startsWith('#f = :of') ? 'attribute_exists(pk)' : condition),
  },
  {
    name: 'grants without the last fence',
    weaken: (condition) => condition.replace(/^#f = :of AND /, ''),
  },
  {
    name: 'releases whatever the host has',
    weaken: (condition) => (condition === '#h.#me.#f = :f' ? 'attribute_exists(#h.#me)' : condition),
    clients: [{ client: 'native', cycles: 6 }],
  },
  {
    name: 'ends offers that are not over',
    weaken: (condition) => condition.replace(' AND #h.#dead.#x < :cut', ''),
  },
];

describe('the same test catches a table that', () => {
  test.each(MUTANTS)(
    '$name',
    async ({ weaken, clients: chosen }) => {
      const { run } = batches(weaken);
      const hurried = plans.map(
        (plan): HistoryPlan => ({
          ...plan,
          hurried: true,
          slots: 1,
          ...(chosen === undefined ? {} : { clients: chosen, faultShare: 0.25 }),
        }),
      );
      const all = fc.sample(hurried, { numRuns: BATCH * MUTANT_BATCHES, seed: 7 });
      for (let start = 0; start < all.length; start += BATCH) {
        const found = (await run(all.slice(start, start + BATCH))).flatMap(({ violations }) => violations);
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
