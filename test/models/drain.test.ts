import { describe, expect, test } from 'vitest';
import type { GroupLimit } from '#domain/drain/groups.ts';
import { drainModel, type ModelShape, type Mutation, type World } from '../support/drain-model.ts';

/** `DRAIN_MODEL_AWAY=2` lets two be away at one time: ten times as many states. */
const EVERYBODY: GroupLimit = { key: 'global:*', minInService: 2, maxDraining: Number(process.env['DRAIN_MODEL_AWAY'] ?? 1) };
const REGION: GroupLimit = { key: 'region:eu', minInService: 1, maxDraining: 1 };
const PAIR: GroupLimit = { key: 'global:*', minInService: 1, maxDraining: 1 };

const FOUR: ModelShape = {
  hosts: { a: [EVERYBODY, REGION], b: [EVERYBODY, REGION], c: [EVERYBODY], d: [EVERYBODY] },
  alike: [
    ['a', 'b'],
    ['c', 'd'],
  ],
  publishers: 1,
  onFailure: 'hold-slot',
  coarse: true,
};
const TWO: ModelShape = {
  hosts: { a: [PAIR], b: [PAIR] },
  alike: [['a', 'b']],
  publishers: 2,
  onFailure: 'free-slot',
  coarse: false,
};

interface Explored {
  readonly states: number;
  readonly steps: number;
  /** The shortest way to something that must never be. */
  readonly wrong: readonly string[] | undefined;
  /** States from which nobody finds home any more. */
  readonly stuck: number;
}

const explore = (shape: ModelShape, mutation: Mutation = {}): Explored => {
  const model = drainModel(shape, mutation);
  const numbers = new Map<string, number>();
  const parents: { readonly from: number; readonly name: string }[] = [];
  const backwards: number[][] = [];
  const homes: number[] = [];
  let wave: { readonly world: World; readonly number: number }[] = [];
  let steps = 0;

  const add = (world: World, from: number, name: string, next: typeof wave): number => {
    const key = model.key(world);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const number = numbers.size;
    numbers.set(key, number);
    parents.push({ from, name });
    backwards.push([]);
    if (model.isHome(world)) homes.push(number);
    next.push({ world, number });
    return number;
  };
  const way = (number: number): string[] => {
    const parent = parents[number];
    return parent === undefined || parent.from < 0 ? [] : [...way(parent.from), parent.name];
  };

  add(model.initial(), -1, '', wave);
  while (wave.length > 0) {
    const next: typeof wave = [];
    for (const { world, number } of wave) {
      const wrong = model.violations(world);
      if (wrong.length > 0) return { states: numbers.size, steps, wrong: [...way(number), ...wrong], stuck: 0 };
      for (const step of model.steps(world)) {
        steps += 1;
        backwards[add(step.world, number, step.name, next)]?.push(number);
      }
    }
    wave = next;
  }
  const reaching = new Set(homes);
  const open = [...homes];
  for (let number = open.pop(); number !== undefined; number = open.pop()) {
    for (const before of backwards[number] ?? []) {
      if (reaching.has(before)) continue;
      reaching.add(before);
      open.push(before);
    }
  }
  return { states: numbers.size, steps, wrong: undefined, stuck: numbers.size - reaching.size };
};

describe('in everything that can happen', () => {
  test.each([
    ['to two hosts and two publishers', TWO],
    ['to four hosts in two groups', FOUR],
  ])(
    '%s no group falls below its minimum, nobody returns unverified, no slot leaks, and everybody can come home',
    (name, shape) => {
      const { states, steps, wrong, stuck } = explore(shape);
      console.log(`${name}: ${states} states, ${steps} steps`);
      expect({ wrong, stuck }).toEqual({ wrong: undefined, stuck: 0 });
    },
    600_000,
  );
});

describe('the same exploration finds the way to harm of', () => {
  const freely: Mutation = {
    change: (change) => ({
      ...change,
      slots: change.slots.map((slot) => (slot.kind === 'take' ? { ...slot, minInService: 0, maxDraining: 9 } : slot)),
    }),
  };
  const leaking: Mutation = {
    change: (change) => (change.transition === 'return' ? { ...change, slots: [] } : change),
  };
  test.each<[string, ModelShape, Mutation, RegExp]>([
    ['a slot that does not ask how many stay', FOUR, freely, /(offers|are away in)/],
    ['a slot that is not given back', FOUR, leaking, /leaked/],
    ['a return that nobody verified', FOUR, { verdict: () => ({ kind: 'passed' }) }, /serves and is not good/],
    ['a publisher that is late and publishes all the same', TWO, { movesAnyPointer: true }, /while clients are sent there/],
  ])(
    '%s',
    (_, shape, mutation, harm) => {
      const { wrong } = explore(shape, mutation);
      expect(wrong?.at(-1)).toMatch(harm);
      console.log(wrong?.join('\n  '));
    },
    600_000,
  );
});
