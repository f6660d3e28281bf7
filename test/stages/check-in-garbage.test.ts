import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HttpCall } from '#wire/api/http-call.ts';
import { hostsApi } from '../../functions/hosts-api/hosts-api.ts';
import { aHead, aSite } from '../support/a-network.ts';
import { aCall, checkInWorld, tokenOf } from '../support/check-in-setup.ts';

const FIXTURE = readFileSync(join(import.meta.dirname, '../fixtures/report-mirror.http'), 'utf8').split('\r\n\r\n')[1] ?? '';
const ALPHA = 'alpha/os/repodata/repomd.xml';
const SITE = aSite('site', { name: 'Example University' });
const GOOD = `Bearer ${tokenOf('m1')}`;

/** Everything that any check-in could leave behind. */
const openWorld = async (isPrivate: boolean) => {
  const world = await checkInWorld({ host: { private: isPrivate }, inventory: { sites: [SITE] } });
  const deps = { ...world.deps, drains: undefined as never, newId: () => 'x' };
  const traces = async () => [
    await world.seen(),
    world.crawls.sent.length,
    world.publish.reasons.length,
    await world.deps.hints.last('m1', 'linux'),
  ];
  const ask = async (call: HttpCall) => {
    const before = await traces();
    const reply = await hostsApi(deps, call);
    // The lease is given back, whatever happened.
    world.clock.advance(60_000);
    return { reply, changed: JSON.stringify(await traces()) !== JSON.stringify(before) };
  };
  return { ask, log: world.log };
};

/** Values near those that are good, and any others. */
const near = <T>(good: T, others: fc.Arbitrary<unknown> = fc.jsonValue()): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(good) }, { weight: 1, arbitrary: others });

const categories = fc.array(
  fc.record(
    {
      id: near('linux'),
      manifestDigest: near(aHead('x').hashes.sha256),
      heads: near({ [ALPHA]: aHead('alpha-1').hashes.sha256 }, fc.dictionary(fc.string(), fc.jsonValue())),
      __proto__: fc.jsonValue(),
      more: fc.jsonValue(),
    },
    { requiredKeys: [] },
  ),
  { maxLength: 4 },
);
const bodies = fc.oneof(
  fc.record({ categories: near([{ id: 'linux' }], categories) }).map((body) => JSON.stringify(body)),
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.string(),
  fc.integer({ min: 1, max: 40 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
);
const headers = fc.record(
  {
    authorization: near(GOOD, fc.oneof(fc.string(), fc.constant(GOOD.slice(0, -1)), fc.constant(`Bearer ${'x'.repeat(400)}`))),
    'content-type': near('application/json', fc.string()),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Record<string, string>>;
const methods = fc.oneof({ weight: 9, arbitrary: fc.constant('POST') }, fc.constantFrom('GET', 'PUT', 'DELETE', 'PATCH', 'x'));

describe('whatever is sent', () => {
  it('to /api/v1/checkins is answered below 500, and leaves nothing behind when it is refused', async () => {
    const worlds = [await openWorld(false), await openWorld(true)] as const;
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(fc.boolean(), methods, headers, bodies, async (isPrivate, method, given, body) => {
        const { reply, changed } = await worlds[isPrivate ? 1 : 0].ask(aCall({ method, headers: given, body }));
        statuses.set(reply.statusCode, (statuses.get(reply.statusCode) ?? 0) + 1);
        expect(reply.statusCode).toBeLessThan(500);
        if (reply.statusCode !== 202) expect(changed).toBe(false);
        expect(() => JSON.parse(reply.body)).not.toThrow();
      }),
      { numRuns: 5_000 },
    );
    // It reached behind every door.
    expect([...statuses.keys()].sort()).toEqual([202, 400, 401, 405, 415]);
    expect(worlds.flatMap(({ log }) => log.lines.filter(({ level }) => level === 'error'))).toEqual([]);
  });

  it('to /xmlrpc is answered in the words of XML-RPC, and leaves nothing behind when it is refused', async () => {
    const worlds = [await openWorld(false), await openWorld(true)] as const;
    const flipped = fc
      .tuple(fc.nat(FIXTURE.length - 1), fc.string({ unit: 'binary-ascii', maxLength: 3 }))
      .map(([at, text]) => FIXTURE.slice(0, at) + text + FIXTURE.slice(at + 1));
    const cut = fc
      .tuple(fc.nat(FIXTURE.length), fc.nat(FIXTURE.length))
      .map(([from, length]) => FIXTURE.slice(0, from) + FIXTURE.slice(from + length));
    const any = fc.oneof(flipped, cut, fc.string(), fc.constant(FIXTURE));
    let [refused, taken] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.boolean(), methods, any, async (isPrivate, method, body) => {
        const { reply, changed } = await worlds[isPrivate ? 1 : 0].ask(aCall({ method, path: '/xmlrpc', body }));
        expect([200, 405]).toContain(reply.statusCode);
        if (reply.body.includes('checked in successful')) taken += 1;
        else {
          refused += 1;
          expect(changed).toBe(false);
        }
      }),
      { numRuns: 5_000 },
    );
    expect([refused > 1_000, taken > 100]).toEqual([true, true]);
    expect(worlds.flatMap(({ log }) => log.lines.filter(({ level }) => level === 'error'))).toEqual([]);
  });

  it('as a report of any JSON is no more than refused', async () => {
    const world = await openWorld(true);
    const good = {
      version: 0,
      global: { enabled: '1' },
      site: { name: 'Example University', password: tokenOf('m1') },
      host: { name: 'm1' },
      linux: { enabled: '1', dirtree: { iso: {} } },
    };
    const documents = fc
      .record(Object.fromEntries(Object.entries(good).map(([key, value]) => [key, near<unknown>(value)])), { requiredKeys: [] })
      .map((document) => JSON.stringify(document));
    await fc.assert(
      fc.asyncProperty(documents, async (document) => {
        const text = execFileSync('bzip2', ['-c'], { input: document }).toString('base64url');
        const { reply, changed } = await world.ask(
          aCall({ path: '/xmlrpc', body: FIXTURE.replace(/<string>.*<\/string>/, `<string>${text}</string>`) }),
        );
        expect(reply.statusCode).toBe(200);
        if (!reply.body.includes('checked in successful')) expect(changed).toBe(false);
      }),
      { numRuns: 200 },
    );
    expect(world.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('is not looked at when it is too long', async () => {
    const { ask } = await openWorld(true);
    for (const [path, length] of [
      ['/api/v1/checkins', 1_048_577],
      ['/xmlrpc', 1_500_001],
    ] as const) {
      const { reply, changed } = await ask(aCall({ path, headers: { authorization: GOOD }, body: ' '.repeat(length) }));
      expect([reply.statusCode, changed]).toEqual([413, false]);
    }
  });
});
