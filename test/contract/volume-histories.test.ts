import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dynamoVolumeStore } from '#adapters/aws/dynamo-volume-store.ts';
import { useEmulators } from '../support/emulators.ts';
import { type FaultPlan, injectFaults } from '../support/fault-injection.ts';
import { type HistoryPlan, type HistoryResult, runVolumeHistory, type Sabotage, STEPS } from '../support/volume-history.ts';
import { type Weaken, weakened } from '../support/weakened-table.ts';
import { freshTable, quickRetries } from './places.ts';

const emulators = useEmulators();
/** Histories of one batch run side by side, each about a volume of its own. */
const BATCH = 20;
/** A hundred and sixty histories here; `VOLUME_HISTORY_BATCHES=250` takes five thousand, in some minutes. */
const BATCHES = Number(process.env['VOLUME_HISTORY_BATCHES'] ?? 8);
const MUTANT_BATCHES = 8;

/** Steps in the order in which publishers take them, more often than not: at random nothing would ever be released. */
const publishing = fc
  .nat({ max: 2 })
  .map((tree) => (['stage', 'seal', 'validate', 'commit'] as const).map((name) => ({ name, tree })));
const anything = fc.record({ name: fc.constantFrom(...STEPS), tree: fc.nat({ max: 2 }) }).map((step) => [step]);
const actor = fc
  .array(fc.oneof({ weight: 2, arbitrary: publishing }, { weight: 3, arbitrary: anything }), { minLength: 2, maxLength: 6 })
  .map((parts) => parts.flat());
const plans: fc.Arbitrary<HistoryPlan> = fc.array(actor, { minLength: 1, maxLength: 3 });
const batchOf = fc.array(plans, { minLength: BATCH, maxLength: BATCH });

/** Every so many writes are done and their replies lost, below the SDK's retries. */
const lossy: FaultPlan = ({ command, number }) =>
  number % 17 === 0 && command === 'TransactWriteItemsCommand' ? { kind: 'reply-lost' } : undefined;

const runBatch = async (
  batch: readonly HistoryPlan[],
  weaken?: Weaken,
  sabotage?: Sabotage,
): Promise<readonly HistoryResult[]> => {
  const client = emulators.dynamoDb(quickRetries());
  const table = await freshTable(client, emulators.freshName('volumes'), 'pk', 'sk');
  injectFaults(client, lossy);
  if (weaken !== undefined) weakened(client, weaken);
  const [store, calm] = [dynamoVolumeStore(client, table), dynamoVolumeStore(emulators.dynamoDb(quickRetries()), table)];
  const results = await Promise.all(batch.map((plan, at) => runVolumeHistory(store, calm, `v${at}`, plan, sabotage)));
  await emulators.dynamoDb().send(new DeleteTableCommand({ TableName: table }));
  client.destroy();
  return results;
};

test(`over ${BATCH * BATCHES} histories the pointer names only what was validated, and publishers come one after the other`, async () => {
  const seed = Date.now() & 0x7fffffff;
  console.log(`volume histories: seed ${seed}`);
  const sums = { moves: 0, refusals: 0, lost: 0 };
  const property = fc.asyncProperty(batchOf, async (batch) => {
    const results = await runBatch(batch);
    for (const { moves, refusals, lost } of results) {
      sums.moves += moves;
      sums.refusals += refusals;
      sums.lost += lost;
    }
    expect(results.flatMap(({ violations }) => violations)).toEqual([]);
  });
  await fc.assert(property, { numRuns: BATCHES, seed, endOnFailure: true });
  console.log(`${BATCH * BATCHES} histories: ${sums.moves} moves of a pointer, ${sums.refusals} refusals, ${sums.lost} lost`);
  // Histories in which nothing is ever released say nothing.
  expect(sums.moves).toBeGreaterThan((BATCH * BATCHES) / 2);
}, 600_000);

const withoutConditions: Weaken = (item) => {
  if (item.Put === undefined) return item;
  const { ConditionExpression: _c, ExpressionAttributeNames: _n, ExpressionAttributeValues: _v, ...put } = item.Put;
  return { Put: put };
};

const withoutState: Weaken = (item) => (item.Put?.ExpressionAttributeNames?.['#a'] === 's' ? withoutConditions(item) : item);

const asValidated: Sabotage = (decide, name) => (view) =>
  name === 'commit' && view.target !== undefined && view.target.state !== 'CURRENT'
    ? decide({ ...view, target: { ...view.target, state: 'VALIDATED' } })
    : decide(view);
const withoutHold: Sabotage = (decide, name) => (view) =>
  name === 'commit' ? decide({ ...view, pointer: { ...view.pointer, hold: undefined } }) : decide(view);
const withoutParent: Sabotage = (decide, name) => (view) => {
  if (name !== 'commit' || view.target === undefined) return decide(view);
  const { parent: _, ...rest } = view.target;
  return decide({ ...view, target: view.pointer.current === undefined ? rest : { ...rest, parent: view.pointer.current } });
};

describe('the same test catches', () => {
  test.each<[string, Weaken | undefined, Sabotage | undefined]>([
    ['writes that do not ask whether somebody was faster', withoutConditions, undefined],
    ['a release of what was not validated, over a table that does not mind', withoutState, asValidated],
    ['a release while held', undefined, withoutHold],
    ['a release over something else than its publisher saw', undefined, withoutParent],
  ])(
    '%s',
    async (_, weaken, sabotage) => {
      const all = fc.sample(plans, { numRuns: BATCH * MUTANT_BATCHES, seed: 7 });
      for (let start = 0; start < all.length; start += BATCH) {
        const results = await runBatch(all.slice(start, start + BATCH), weaken, sabotage);
        const found = results.flatMap(({ violations }) => violations);
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
