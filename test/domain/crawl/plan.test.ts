import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CheckKind, Observation } from '#domain/crawl/observation.ts';
import { type MasterState, planCrawls } from '#domain/crawl/plan.ts';
import { aCarriage, aCategory, aHost, anInventory, aSite, DAY, HOUR, MINUTE, START } from '../../support/a-network.ts';

const KINDS = ['reach', 'heads', 'sample', 'full'] as const satisfies readonly CheckKind[];
const master = (changed: Partial<MasterState> = {}): MasterState => ({
  category: 'linux',
  generation: 1,
  changedMs: START,
  ...changed,
});
const host = aHost('m1');

const seen = (changed: Partial<Observation> = {}): Observation => ({
  host: 'm1',
  category: 'linux',
  generation: 1,
  facts: undefined,
  health: [],
  checkedMs: { reach: START, heads: START, sample: START },
  unproven: 0,
  behind: 0,
  notBeforeMs: 0,
  evidence: [],
  ...changed,
});

const planned = (observation: Observation | undefined, nowMs: number, carrying = host, masters = [master()]) =>
  planCrawls(anInventory([carrying]), masters, observation === undefined ? [] : [observation], nowMs).map(({ check }) => check);

const rsync = aHost('m1', { carries: [aCarriage('m1', { urls: ['http://m1.example.org/pub', 'rsync://m1.example.org/pub'] })] });
const rsyncOnly = aHost('m1', { carries: [aCarriage('m1', { urls: ['rsync://m1.example.org/pub'] })] });

describe('planning crawls', () => {
  it('samples a host never seen, by its whole listing where it has rsync', () => {
    expect(planned(undefined, START)).toEqual(['sample']);
    expect(planned(undefined, START, rsync)).toEqual(['full']);
    expect(planned(undefined, START, rsyncOnly)).toEqual(['full']);
  });

  it('asks for nothing while there is no manifest, no URL, or somebody switched the host off', () => {
    expect(planned(undefined, START, host, [])).toEqual([]);
    expect(planned(undefined, START, aHost('m1', { carries: [aCarriage('m1', { urls: [] })] }))).toEqual([]);
    expect(planned(undefined, START, aHost('m1', { ownerActive: false }))).toEqual([]);
    expect(planned(undefined, START, aHost('m1', { adminActive: false }))).toEqual([]);
    const sites = [aSite('site', { adminActive: false })];
    expect(planCrawls(anInventory([host], { sites }), [master()], [], START)).toEqual([]);
  });

  it('asks for the dearest kind that is due', () => {
    expect(planned(seen(), START + 30 * MINUTE)).toEqual([]);
    expect(planned(seen(), START + 1.1 * HOUR)).toEqual(['reach']);
    expect(planned(seen(), START + 6.6 * HOUR)).toEqual(['heads']);
    expect(planned(seen(), START + 1.1 * DAY)).toEqual(['sample']);
    expect(planned(seen(), START + 1.1 * HOUR, rsync)).toEqual(['full']);
  });

  it('obeys the moment that a mirror named', () => {
    expect(planned(seen({ notBeforeMs: START + 3 * DAY }), START + 2 * DAY)).toEqual([]);
    expect(planned(seen({ notBeforeMs: START + 3 * DAY }), START + 3 * DAY)).toEqual(['sample']);
  });

  it('probes a host at each age of a master change until it is in sync', () => {
    const changedMs = START + 10 * MINUTE;
    const masters = [master({ generation: 2, changedMs })];
    const at = (observation: Observation, ageMs: number) => planned(observation, changedMs + ageMs, host, masters);
    expect(at(seen(), 4 * MINUTE)).toEqual([]);
    expect(at(seen(), 6 * MINUTE)).toEqual(['heads']);
    const looked = seen({ generation: 2, behind: 1, checkedMs: { reach: START, heads: changedMs + 6 * MINUTE, sample: START } });
    expect(at(looked, 10 * MINUTE)).toEqual([]);
    expect(at(looked, 17 * MINUTE)).toEqual(['heads']);
    expect(at({ ...looked, behind: 0 }, 17 * MINUTE)).toEqual([]);
    expect(planned(seen({ checkedMs: { full: START } }), changedMs + 6 * MINUTE, rsyncOnly, masters)).toEqual(['full']);
  });

  it('samples again soon while directories are unproven', () => {
    expect(planned(seen({ unproven: 3 }), START + 4 * MINUTE)).toEqual([]);
    expect(planned(seen({ unproven: 3 }), START + 6 * MINUTE)).toEqual(['sample']);
  });

  it('looks soon again at a protocol that failed once', () => {
    const health = {
      protocol: 'http' as const,
      state: 'ok' as const,
      sinceMs: START,
      consecutiveFailures: 1,
      consecutiveSuccesses: 0,
      lastOkMs: START,
      evidence: { atMs: START, url: 'http://m1.example.org/pub', text: 'timeout' },
    };
    expect(planned(seen({ health: [health] }), START + 3 * MINUTE)).toEqual(['reach']);
    expect(planned(seen({ health: [{ ...health, state: 'down', consecutiveFailures: 2 }] }), START + 3 * MINUTE)).toEqual([]);
  });

  it('only reaches for a host that is declared always current', () => {
    const carries = [aCarriage('m1', { alwaysCurrent: true })];
    expect(planned(undefined, START, aHost('m1', { carries }))).toEqual(['reach']);
    expect(planned(seen({ checkedMs: { reach: START } }), START + 30 * DAY, aHost('m1', { carries }))).toEqual(['reach']);
  });

  const anyTime = fc.integer({ min: START - 10 * DAY, max: START });
  const anySeen = fc
    .record({
      checkedMs: fc.record({ reach: anyTime, heads: anyTime, sample: anyTime, full: anyTime }, { requiredKeys: [] }),
      unproven: fc.nat({ max: 3 }),
      behind: fc.nat({ max: 2 }),
      generation: fc.integer({ min: 0, max: 2 }),
      notBeforeMs: anyTime,
    })
    .map((changed) => seen(changed as Partial<Observation>));
  const anyHost = fc.constantFrom(host, rsync, rsyncOnly);

  it('never plans a pair again within its interval once the check is done', () => {
    const { schedule } = aCategory();
    const interval = { reach: schedule.reachMs, heads: schedule.headsMs, sample: schedule.sampleMs, full: schedule.fullMs };
    fc.assert(
      fc.property(anySeen, anyHost, fc.integer({ min: 0, max: 5 * DAY }), (observation, carrying, waitMs) => {
        const masters = [master({ generation: 2, changedMs: START - 9 * DAY })];
        const nowMs = START + waitMs;
        const [request] = planCrawls(anInventory([carrying]), masters, [observation], nowMs);
        if (request === undefined) return;
        const included = KINDS.slice(0, KINDS.indexOf(request.check) + 1);
        const checkedMs = { ...observation.checkedMs, ...Object.fromEntries(included.map((kind) => [kind, nowMs])) };
        const done: Observation = { ...observation, generation: 2, behind: 0, unproven: 0, notBeforeMs: 0, checkedMs };
        fc.assert(
          fc.property(fc.integer({ min: 0, max: interval[request.check] - 1 }), (laterMs) => {
            const again = planCrawls(anInventory([carrying]), masters, [done], nowMs + laterMs);
            expect(again.filter(({ check }) => included.includes(check) && laterMs < interval[check])).toEqual([]);
          }),
          { numRuns: 10 },
        );
      }),
    );
  });

  it('plans each pair at most once, the same whenever it is asked, and never before the named moment', () => {
    fc.assert(
      fc.property(anySeen, anyHost, fc.integer({ min: -DAY, max: DAY }), (observation, carrying, waitMs) => {
        const plan = () => planCrawls(anInventory([carrying]), [master()], [observation], START + waitMs);
        expect(plan().length).toBeLessThanOrEqual(1);
        expect(plan()).toEqual(plan());
        if (START + waitMs < observation.notBeforeMs) expect(plan()).toEqual([]);
      }),
    );
  });

  it('lets hosts that were added together drift apart', () => {
    const hosts = Array.from({ length: 50 }, (_, index) => aHost(`m${index}`));
    const observations = hosts.map(({ id }) => seen({ host: id }));
    const due = planCrawls(anInventory(hosts), [master()], observations, START + 1.05 * HOUR).length;
    expect(due).toBeGreaterThan(10);
    expect(due).toBeLessThan(40);
  });
});
