import { describe, expect, test } from 'vitest';
import { Fault } from '#domain/errors.ts';
import type { CrawlRequest } from '#ports/crawl-queue.ts';
import { onCommand } from '../support/fault-injection.ts';
import type { QueuePlace } from './places.ts';

const FIVE_MINUTES_MS = 300_000;
const PLANNED_MS = 4 * FIVE_MINUTES_MS;

const requestOf = (host: string, category = 'fedora', change: Partial<CrawlRequest> = {}): CrawlRequest => ({
  host,
  category,
  check: 'heads',
  generation: 3,
  plannedMs: PLANNED_MS,
  basedOnMs: 0,
  ...change,
});

const sorted = (requests: readonly CrawlRequest[]): readonly string[] =>
  requests.map((request) => JSON.stringify(request)).sort();

export const crawlQueueContract = (make: () => Promise<QueuePlace>): void => {
  test('every request arrives, however many there are', async () => {
    const place = await make();
    const requests = Array.from({ length: 57 }, (_, index) => requestOf(`h${index}`));
    await place.open().send(requests);
    expect(sorted(await place.drain())).toEqual(sorted(requests));
  });

  test('nothing is sent for no request', async () => {
    const place = await make();
    await place.open(() => ({ kind: 'request-lost' })).send([]);
    expect(await place.drain()).toEqual([]);
  });

  test('requests of one host arrive in the order of sending, also beyond a batch', async () => {
    const place = await make();
    const requests = Array.from({ length: 36 }, (_, index) => requestOf(`h${index % 3}`, `c${index}`));
    await place.open().send(requests);
    const arrived = await place.drain();
    for (const host of ['h0', 'h1', 'h2']) {
      expect(arrived.filter((request) => request.host === host)).toEqual(requests.filter((request) => request.host === host));
    }
  });

  test('one host has one request in work at a time', async () => {
    const place = await make();
    await place.open().send([requestOf('a', 'c1'), requestOf('a', 'c2'), requestOf('b', 'c1')]);
    expect([...(await place.hostsInWork())].sort()).toEqual(['a', 'b']);
    expect(await place.hostsInWork()).toEqual([]);
  });

  describe('of equal requests', () => {
    test('one arrives, though they were planned at different moments of a window', async () => {
      const place = await make();
      await place.open().send([requestOf('a')]);
      await place.open().send([requestOf('a', 'fedora', { plannedMs: PLANNED_MS + FIVE_MINUTES_MS - 1 })]);
      expect(await place.drain()).toEqual([requestOf('a')]);
    });

    test.each<Partial<CrawlRequest>>([
      { category: 'epel' },
      { check: 'full' },
      { generation: 4 },
      { plannedMs: PLANNED_MS + FIVE_MINUTES_MS },
      { basedOnMs: PLANNED_MS - 1 },
      { publish: true },
    ])('none is one that differs in %o', async (change) => {
      const place = await make();
      const both = [requestOf('a'), requestOf('a', 'fedora', change)];
      await place.open().send(both);
      expect(await place.drain()).toEqual(both);
    });
  });

  describe('faults', () => {
    test('a lost reply sends nothing twice', async () => {
      const place = await make();
      const requests = Array.from({ length: 12 }, (_, index) => requestOf(`h${index}`));
      const lost = { kind: 'reply-lost' } as const;
      await place.open(onCommand('SendMessageBatchCommand', lost, lost)).send(requests);
      expect(sorted(await place.drain())).toEqual(sorted(requests));
    });

    test.each(['throttled', 'request-lost'] as const)('%s is survived twice and a Fault without end', async (kind) => {
      const place = await make();
      const fault = kind === 'throttled' ? ({ kind, name: 'ThrottlingException' } as const) : ({ kind } as const);
      await place.open(onCommand('SendMessageBatchCommand', fault, fault)).send([requestOf('a')]);
      await expect(place.open(() => fault).send([requestOf('b')])).rejects.toThrow(Fault);
      expect(await place.drain()).toEqual([requestOf('a')]);
    });
  });
};
