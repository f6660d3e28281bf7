import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sqsPublishRequests } from '#adapters/aws/sqs-publish-requests.ts';
import { PUBLISH_SLOT_MS } from '#wire/publish-queue.ts';
import { FunctionFailure } from '../../local/runtime/function-instance.ts';
import { type FunctionPool, functionPool } from '../../local/runtime/function-pool.ts';
import { localClients, provision } from '../../local/runtime/provision.ts';
import { queueSource, takeDeadLetters } from '../../local/runtime/queue-source.ts';
import { useEmulators } from '../support/emulators.ts';

const HANDLER = `
  let calls = 0;
  export const handler = async (event, context) => {
    calls += 1;
    if (event.hang) await new Promise(() => setInterval(() => {}, 1000));
    if (event.crash) setImmediate(() => { throw new Error('boom'); });
    if (event.crash) await new Promise(() => undefined);
    if (event.fail) throw new TypeError('no');
    console.log('line', calls);
    return { calls, env: Object.keys(process.env).sort(), name: context.functionName, event };
  };`;

describe('a function', () => {
  let folder: string;
  const pools: FunctionPool[] = [];
  const lines: string[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mirrortide-runtime-'));
    await writeFile(join(folder, 'index.mjs'), HANDLER);
  });
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.stop()));
    await rm(folder, { recursive: true, force: true });
  });
  const pool = (concurrency: number, timeoutMs = 20_000): FunctionPool => {
    const definition = { name: 'f', bundleFile: join(folder, 'index.mjs'), env: { ONLY: 'this' }, timeoutMs, concurrency };
    const made = functionPool(definition, (name, line) => lines.push(`${name} ${line}`));
    pools.push(made);
    return made;
  };
  const calls = (results: readonly unknown[]): number[] => results.map((result) => (result as { calls: number }).calls);

  test('keeps its module state between events, and has only its own environment', async () => {
    const one = pool(1);
    const results = await Promise.all([one.invoke({ n: 1 }), one.invoke({ n: 2 }), one.invoke({ n: 3 })]);
    expect(calls(results)).toEqual([1, 2, 3]);
    expect(results[0]).toMatchObject({ env: ['ONLY'], name: 'f', event: { n: 1 } });
  });

  test('gets another instance, with a state of its own, for an event that comes meanwhile', async () => {
    const two = pool(2);
    expect(calls(await Promise.all([two.invoke({}), two.invoke({})]))).toEqual([1, 1]);
  });

  test('its error is told; the instance lives on', async () => {
    const one = pool(1);
    await expect(one.invoke({ fail: true })).rejects.toThrow(new FunctionFailure('f: TypeError: no'));
    expect(calls([await one.invoke({})])).toEqual([2]);
  });

  test('after a crash and after its time the next event gets a new instance', async () => {
    const one = pool(1, 2_000);
    await expect(one.invoke({ crash: true })).rejects.toThrow(/f crashed: boom/);
    await expect(one.invoke({ hang: true })).rejects.toThrow(/time limit/);
    expect(calls([await one.invoke({})])).toEqual([1]);
  });

  test('events that wait are told when it stops', async () => {
    const one = pool(1);
    const waiting = Promise.allSettled([one.invoke({ hang: true }), one.invoke({})]);
    await one.stop();
    expect((await waiting).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});

describe('a queue', () => {
  const emulators = useEmulators();

  test('failed messages come again until they are set aside, the others are done once', async () => {
    const clients = localClients(emulators.endpoints());
    const resources = await provision(emulators.endpoints(), clients, {
      crawlSeconds: 30,
      publishSeconds: 30,
      volumeSeconds: 60,
    });
    expect(await provision(emulators.endpoints(), clients, { crawlSeconds: 30, publishSeconds: 30, volumeSeconds: 60 })).toEqual(
      resources,
    );
    const seen: string[] = [];
    const source = queueSource({
      client: clients.sqs,
      queueUrl: resources.crawlQueueUrl,
      region: emulators.endpoints().region,
      concurrency: 2,
      invoke: async (event: SQSEvent) => {
        const [record] = event.Records;
        seen.push(record?.body ?? '');
        if (record?.body === 'throws') throw new Error('the function failed');
        return { batchItemFailures: record?.body === 'named' ? [{ itemIdentifier: record.messageId }] : [] };
      },
      onFault: () => undefined,
    });
    for (const body of ['good', 'named', 'throws']) {
      const QueueUrl = resources.crawlQueueUrl;
      await clients.sqs.send(
        new SendMessageCommand({ QueueUrl, MessageBody: body, MessageGroupId: body, MessageDeduplicationId: body }),
      );
    }
    await source.drained(AbortSignal.timeout(50_000));
    await source.stop();
    const letters = [...(await takeDeadLetters(clients.sqs, resources.deadLetterQueueUrl))];
    letters.push(...(await takeDeadLetters(clients.sqs, resources.deadLetterQueueUrl)));
    expect(letters.sort()).toEqual(['named', 'throws']);
    expect(seen.filter((body) => body === 'good')).toEqual(['good']);
    expect(seen.filter((body) => body === 'named')).toHaveLength(4);
    for (const client of Object.values(clients)) client.destroy();
  });

  test('requests to publish are held back for the slot in which they are one', async () => {
    const clients = localClients(emulators.endpoints());
    const resources = await provision(emulators.endpoints(), clients, {
      crawlSeconds: 30,
      publishSeconds: 30,
      volumeSeconds: 60,
    });
    const delivered: number[] = [];
    const source = queueSource({
      client: clients.sqs,
      queueUrl: resources.publishQueueUrl,
      region: emulators.endpoints().region,
      concurrency: 1,
      invoke: async () => void delivered.push(performance.now()),
      onFault: () => undefined,
    });
    const requests = sqsPublishRequests(clients.sqs, resources.publishQueueUrl, { now: () => 0 });
    const asked = performance.now();
    await requests.soon('first');
    await requests.soon('second');
    await source.drained(AbortSignal.timeout(50_000));
    await source.stop();
    expect(delivered).toHaveLength(1);
    // Emulators count in whole seconds.
    expect((delivered[0] ?? 0) - asked).toBeGreaterThan(PUBLISH_SLOT_MS - 1_000);
    for (const client of Object.values(clients)) client.destroy();
  });
});
