import fc from 'fast-check';
import { expect } from 'vitest';
import type { Observation } from '#domain/crawl/observation.ts';
import type { LeaseGrant, ObservationStore } from '#ports/observation-store.ts';
import type { Fault } from '../support/fault-injection.ts';
import type { Place } from './places.ts';

const HOST = 'h';
const MAX_COMMANDS = 30;
const ACTORS = ['ann', 'bob', 'eve'] as const;
type Actor = (typeof ACTORS)[number];

/** The rules, in memory. */
interface Model {
  nowMs: number;
  fence: number;
  lease: { readonly fence: number; readonly untilMs: number } | undefined;
  stored: Observation | undefined;
  /** Numbers the observations, so that no two are equal. */
  writes: number;
  /** Every fence that an actor was given, in order. */
  readonly fences: Record<Actor, number[]>;
  readonly granted: number[];
}

interface Real {
  readonly category: string;
  readonly store: ObservationStore;
  /** Hits the next attempt, whatever it is. */
  fail(fault: Fault | undefined): void;
}

type Command = fc.AsyncCommand<Model, Real>;

const observation = (category: string, unproven: number): Observation => ({
  host: HOST,
  category,
  generation: 1,
  facts: undefined,
  health: [],
  checkedMs: {},
  unproven,
  notBeforeMs: 0,
  evidence: [],
});

const expectedGrant = (model: Model): LeaseGrant => {
  if (model.lease !== undefined && model.lease.untilMs > model.nowMs) return { kind: 'held', untilMs: model.lease.untilMs };
  return { kind: 'granted', fence: model.fence + 1, observation: model.stored };
};

const acquire = (actor: Actor, leaseMs: number, fault: Fault | undefined): Command => ({
  check: () => true,
  run: async (model, real) => {
    real.fail(fault);
    const grant = await real.store.acquire(HOST, real.category, model.nowMs, model.nowMs + leaseMs);
    expect(grant).toEqual(expectedGrant(model));
    if (grant.kind === 'held') return;
    expect(grant.fence).toBeGreaterThan(model.granted.at(-1) ?? 0);
    model.granted.push(grant.fence);
    model.fences[actor].push(grant.fence);
    model.fence = grant.fence;
    model.lease = { fence: grant.fence, untilMs: model.nowMs + leaseMs };
  },
  toString: () => `${actor} acquires for ${leaseMs} ms${fault === undefined ? '' : ` (${fault.kind})`}`,
});

const write = (actor: Actor, age: number, fault: Fault | undefined): Command => ({
  check: (model) => model.fences[actor].length > age,
  run: async (model, real) => {
    const fence = model.fences[actor].at(-1 - age) ?? 0;
    model.writes += 1;
    const next = observation(real.category, model.writes);
    const ours = model.lease?.fence === fence;
    real.fail(fault);
    expect(await real.store.write(next, fence)).toEqual({ kind: ours ? 'written' : 'lost' });
    if (ours) {
      model.stored = next;
      model.lease = undefined;
    }
  },
  toString: () => `${actor} writes with fence ${age} back${fault === undefined ? '' : ` (${fault.kind})`}`,
});

const wait = (ms: number): Command => ({
  check: () => true,
  run: async (model) => {
    model.nowMs += ms;
  },
  toString: () => `${ms} ms pass`,
});

const look: Command = {
  check: () => true,
  run: async (model, real) => {
    expect(await real.store.list(real.category)).toEqual(model.stored === undefined ? [] : [model.stored]);
  },
  toString: () => 'look',
};

const actors = fc.constantFrom(...ACTORS);
const faults = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Fault>({ kind: 'reply-lost' }, { kind: 'request-lost' }, { kind: 'throttled' }),
  },
);
const durations = fc.integer({ min: 1, max: 30 });

const emptyModel = (): Model => ({
  nowMs: 1_000,
  fence: 0,
  lease: undefined,
  stored: undefined,
  writes: 0,
  fences: { ann: [], bob: [], eve: [] },
  granted: [],
});

/** A store whose next attempt can be made to fail. It is new for each history: the SDK's store of retries is finite. */
const realIn = (place: Place<ObservationStore>, category: string): Real => {
  let next: Fault | undefined;
  const store = place.open(() => {
    const fault = next;
    next = undefined;
    return fault;
  });
  return {
    category,
    store,
    fail: (fault) => {
      next = fault;
    },
  };
};

/** Histories of one host's lease, each in a category of its own in the same place. */
export const leaseHistory = (place: Place<ObservationStore>) => {
  let histories = 0;
  return {
    commands: fc.commands(
      [
        fc.tuple(actors, durations, faults).map((args) => acquire(...args)),
        fc.tuple(actors, fc.integer({ min: 0, max: 2 }), faults).map((args) => write(...args)),
        durations.map(wait),
        fc.constant(look),
      ],
      { maxCommands: MAX_COMMANDS, size: 'max' },
    ),
    run: async (commands: Iterable<Command>): Promise<void> => {
      histories += 1;
      await fc.asyncModelRun(() => ({ model: emptyModel(), real: realIn(place, `c${histories}`) }), commands);
    },
  };
};
