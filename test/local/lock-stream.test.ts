import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dynamoLockStore } from '#adapters/aws/dynamo-lock-store.ts';
import { type LockOperations, lockOperations } from '../../functions/lock-api/lock-operations.ts';
import { localClients, provision, type Resources } from '../../local/runtime/provision.ts';
import { type StreamSource, streamSource } from '../../local/runtime/stream-source.ts';
import { useEmulators } from '../support/emulators.ts';
import { lockConfig, lockDeps, lockRules } from '../support/lock-setup.ts';
import { until } from '../support/until.ts';

type Handler = (event: DynamoDBStreamEvent) => Promise<DynamoDBBatchResponse>;

const emulators = useEmulators();
let resources: Resources;
let operations: LockOperations;
let handler: Handler;
const running: StreamSource[] = [];

beforeAll(async () => {
  const endpoints = emulators.endpoints();
  resources = await provision(endpoints, localClients(endpoints), { crawlSeconds: 30, publishSeconds: 30, volumeSeconds: 60 });
  const store = dynamoLockStore(emulators.dynamoDb(), resources.lockTable);
  operations = lockOperations(lockDeps(store, { now: Date.now }, lockRules({ defaults: lockConfig({ failureBudget: 2 }) })));
  Object.assign(process.env, {
    AWS_REGION: endpoints.region,
    AWS_ACCESS_KEY_ID: endpoints.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: endpoints.credentials.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamoDbEndpoint,
    MIRRORTIDE_LOCK_TABLE: resources.lockTable,
  });
  ({ handler } = await import('../../functions/record-lock-events/handler.ts'));
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((source) => source.stop()));
});

const isLock = ({ dynamodb }: DynamoDBRecord): boolean => (dynamodb?.Keys?.['pk']?.S ?? '').startsWith('L#');
const start = (invoke: Handler, faults: unknown[] = []): StreamSource => {
  const source = streamSource({
    emulators: emulators.endpoints(),
    streamArn: resources.lockStreamArn,
    filter: isLock,
    invoke,
    onFault: (error) => faults.push(error),
    pollMs: 20,
  });
  running.push(source);
  return source;
};

const call = (lock: string, host: string) => ({ lock, host, arrivedMs: Date.now() });
const history = async (lock: string) => {
  const events = await operations.history(lock, 0, 100, Date.now());
  return events.map(({ version, transition, host, fence, by, reason }) => [version, transition, host, fence, by, reason]);
};
const hold = async (lock: string, host: string): Promise<number> => {
  const outcome = await operations.acquire({ ...call(lock, host), requestId: `${lock} ${host}` });
  if (outcome.kind !== 'granted') throw new Error(outcome.kind);
  await operations.confirm({ ...call(lock, host), fence: outcome.grant.fence });
  return outcome.grant.fence;
};

describe('the stream of the lock table', () => {
  it('becomes the history of each lock and of each host, whatever is read twice', async () => {
    const fence = await hold('a', 'alpha.example');
    await operations.acquire({ ...call('a', 'beta.example'), requestId: 'b' });
    await operations.fail({ ...call('a', 'alpha.example'), fence, reason: 'no space left' });
    start(handler);
    const expected = [
      [1, 'ensure', undefined, undefined, 'policy', undefined],
      [2, 'grant', 'alpha.example', 1, 'alpha.example', undefined],
      [3, 'confirm', 'alpha.example', 1, 'alpha.example', undefined],
      [4, 'fail', 'alpha.example', 1, 'alpha.example', 'no space left'],
    ];
    expect(
      await until(
        'the history',
        () => history('a'),
        (events) => events.length === 4,
      ),
    ).toEqual(expected);
    const holding = () => operations.hostLocks('alpha.example', Date.now());
    expect(await until('the failed hold', holding, ([held]) => held?.state === 'failed')).toMatchObject([
      { lock: 'a', fence: 1 },
    ]);

    // From its oldest change once more, by another consumer that knows nothing of the first.
    const again: number[] = [];
    start(async (event) => {
      again.push(event.Records.length);
      return handler(event);
    });
    await operations.forceRelease({
      lock: 'a',
      operator: 'ann',
      arrivedMs: Date.now(),
      reason: 'disk was added',
      host: 'alpha.example',
      fence: 1,
    });
    const all = await until(
      'the whole history',
      () => history('a'),
      (events) => events.length === 5 && again.length > 0,
    );
    expect(all).toEqual([...expected, [5, 'force-release', 'alpha.example', 1, 'operator:ann', 'disk was added']]);
    expect(await until('nothing held', holding, (held) => held.length === 0)).toEqual([]);
  });

  it('comes again from the change that failed, until it is done', async () => {
    const faults: unknown[] = [];
    let tries = 0;
    start(async (event) => {
      tries += 1;
      if (tries === 1) throw new Error('the function was killed');
      const second = event.Records[1]?.dynamodb?.SequenceNumber ?? '';
      if (tries === 2) {
        await handler({ Records: event.Records.slice(0, 1) });
        return { batchItemFailures: [{ itemIdentifier: second }] };
      }
      return handler(event);
    }, faults);
    await hold('b', 'alpha.example');
    const events = await until(
      'the history',
      () => history('b'),
      (seen) => seen.length === 3,
    );
    expect(events.map(([version, transition]) => [version, transition])).toEqual([
      [1, 'ensure'],
      [2, 'grant'],
      [3, 'confirm'],
    ]);
    expect(faults).toEqual([new Error('the function was killed')]);
  });

  it('passes over an item that is no lock, and says so', async () => {
    const client = emulators.dynamoDb();
    const Key = { pk: { S: 'L#c' }, sk: { S: 'S' } };
    await client.send(new PutItemCommand({ TableName: resources.lockTable, Item: { ...Key, v: { S: 'by hand' } } }));
    await client.send(new DeleteItemCommand({ TableName: resources.lockTable, Key }));
    start(handler);
    await hold('d', 'alpha.example');
    expect(
      await until(
        'the history behind it',
        () => history('d'),
        (events) => events.length === 3,
      ),
    ).toHaveLength(3);
    expect(await history('c')).toEqual([]);
  });
});
