import { describe, expect, test } from 'vitest';
import { initial, isLost, keyOf, type Mutation, stepsOf, type World } from '../support/garbage-model.ts';

interface Explored {
  readonly states: number;
  readonly removals: number;
  /** The shortest way to an object that is gone and needed. */
  readonly lost: readonly string[] | undefined;
}

interface Reached {
  readonly world: World;
  readonly by: string;
  readonly from: Reached | undefined;
}

const wayTo = ({ by, from }: Reached): readonly string[] => (from === undefined ? [] : [...wayTo(from), by]);

const explore = (needs: readonly boolean[], mutation?: Mutation): Explored => {
  const first = initial(needs);
  const known = new Set([keyOf(first)]);
  let wave: Reached[] = [{ world: first, by: '', from: undefined }];
  let removals = 0;
  while (wave.length > 0) {
    const next: Reached[] = [];
    for (const from of wave) {
      for (const { name, world } of stepsOf(from.world, mutation)) {
        if (name.startsWith('remove')) removals += 1;
        const key = keyOf(world);
        if (known.has(key)) continue;
        known.add(key);
        const reached = { world, by: name, from };
        if (isLost(world)) return { states: known.size, removals, lost: wayTo(reached) };
        next.push(reached);
      }
    }
    wave = next;
  }
  return { states: known.size, removals, lost: undefined };
};

const SHAPES = [
  [true, false],
  [true, true],
];

test.each(SHAPES)('whatever happens in whatever order, no object is removed that a sealed release has (%s, %s)', (...needs) => {
  const { states, removals, lost } = explore(needs);
  console.log(`garbage: ${states} states, ${removals} removals`);
  expect(lost).toBeUndefined();
  expect(removals).toBeGreaterThan(100);
});

describe('the same exploration finds what goes wrong when', () => {
  test.each<[string, Mutation]>([
    ['a sweeper looks at the releases before it dooms', 'looks-before-it-dooms'],
    ['a publisher asks for objects before it stages', 'asks-before-it-stages'],
    ['whoever seals looks at objects before it has read what names them', 'asks-before-it-reads'],
    ['whoever seals does not notice that the release was staged again', 'seals-what-was-staged-again'],
    ['whoever seals looks for an object before it asks whether it is doomed', 'finds-before-it-asks-for-dooms'],
    ['whoever seals relies on another release before it has read its own', 'inherits-before-it-reads'],
    ['releases are not listed at one moment', 'lists-one-after-the-other'],
    ['a release whose documents were missing is not looked at again', 'does-not-list-again'],
    ['a publisher does not mind dooms', 'ignores-dooms'],
    ['dooms of the living are taken over', 'takes-over-from-the-living'],
    ['a doom is lifted with a request to remove under way', 'lifts-while-a-request-is-under-way'],
    ['superseded releases are forgotten', 'forgets-superseded'],
    ['releases that are being staged are forgotten', 'forgets-staging'],
  ])('%s', (_, mutation) => {
    const lost = SHAPES.map((needs) => explore(needs, mutation).lost).find((way) => way !== undefined);
    console.log(`${mutation}: ${lost?.join(', ')}`);
    expect(lost).toBeDefined();
  });
});
