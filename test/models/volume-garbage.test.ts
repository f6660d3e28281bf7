import { describe, expect, test } from 'vitest';
import { needsObjects, objectStanding } from '#domain/volume/garbage.ts';
import type { ReleaseState } from '#domain/volume/release.ts';
import { RELEASE_TRANSITIONS, type TransitionName } from '#domain/volume/release-transitions.ts';

/**
 * Everything that can happen to one object that one or both of two publishers need and two sweepers would remove, as a finite graph. Any of
 * them may stop anywhere, for ever. Time is one step: a doom becomes old, by when whoever wrote it is dead.
 */
interface Publisher {
  /** Whether its release has the object at all. */
  readonly needs: boolean;
  readonly state: ReleaseState | 'none';
  /** What it knows of the object: asked since it staged and told that it may be used, or put it itself. */
  readonly hasObject: boolean;
  /** It was told that the object is missing, and is on its way to put it. */
  readonly puts: boolean;
}

interface Sweeper {
  readonly phase: 'idle' | 'doomed' | 'marked' | 'removed';
  /** What the look at the releases said. */
  readonly needed: boolean;
  readonly isDead: boolean;
}

interface World {
  readonly stored: boolean;
  readonly doom: { readonly by: number; readonly old: boolean } | undefined;
  readonly publishers: readonly Publisher[];
  readonly sweepers: readonly Sweeper[];
}

type Mutation =
  | 'looks-before-it-dooms'
  | 'asks-before-it-stages'
  | 'ignores-dooms'
  | 'takes-over-from-the-living'
  | 'forgets-superseded';

interface Step {
  readonly name: string;
  readonly world: World;
}

const IDLE: Sweeper = { phase: 'idle', needed: false, isDead: false };
const initial = (needs: readonly boolean[]): World => ({
  stored: true,
  doom: undefined,
  publishers: needs.map((need) => ({ needs: need, state: 'none', hasObject: false, puts: false })),
  sweepers: [IDLE, IDLE],
});

const may = (transition: TransitionName, state: Publisher['state']): boolean =>
  RELEASE_TRANSITIONS[transition].from.includes(state);
const stateAfter = (transition: TransitionName, state: ReleaseState): ReleaseState => {
  const { to } = RELEASE_TRANSITIONS[transition];
  return to === 'same' ? state : to;
};

const withPublisher = (world: World, at: number, publisher: Publisher): World => ({
  ...world,
  publishers: world.publishers.with(at, publisher),
});
const withSweeper = (world: World, at: number, sweeper: Sweeper): World => ({
  ...world,
  sweepers: world.sweepers.with(at, sweeper),
});

const publisherSteps = (world: World, at: number, mutation: Mutation | undefined): readonly Step[] => {
  const publisher = world.publishers[at]!;
  const { needs, state, hasObject, puts } = publisher;
  const steps: Step[] = [];
  const step = (name: string, next: Publisher, rest: Partial<World> = {}) =>
    steps.push({ name: `${name} ${at}`, world: { ...withPublisher(world, at, next), ...rest } });
  const early = mutation === 'asks-before-it-stages';
  if (may('stage', state)) step('stage', { needs, state: 'STAGING', hasObject: early && hasObject, puts: early && puts });
  const standing = objectStanding(world.stored, mutation !== 'ignores-dooms' && world.doom !== undefined);
  if (needs && (state === 'STAGING' || (early && state === 'none'))) {
    if (standing === 'usable') step('finds', { ...publisher, hasObject: true });
    if (standing === 'missing') step('misses', { ...publisher, puts: true });
  }
  if (puts) {
    steps.push({
      name: `put ${at}`,
      world: { ...withPublisher(world, at, { ...publisher, puts: false, hasObject: true }), stored: true },
    });
  }
  if (state === 'none') return steps;
  if ((hasObject || !needs) && may('seal', state)) step('seal', { ...publisher, state: stateAfter('seal', state) });
  for (const transition of ['validate', 'reject', 'abort', 'expire'] as const)
    if (may(transition, state)) step(transition, { ...publisher, state: stateAfter(transition, state) });
  if (may('commit', state)) {
    const superseded = world.publishers.map((other) =>
      other.state === 'CURRENT' ? { ...other, state: 'SUPERSEDED' as const } : other,
    );
    steps.push({
      name: `commit ${at}`,
      world: { ...world, publishers: superseded.with(at, { ...publisher, state: 'CURRENT' }) },
    });
  }
  return steps;
};

const isNeeded = ({ publishers }: World, mutation: Mutation | undefined): boolean =>
  publishers.some(
    ({ needs, state }) =>
      needs && state !== 'none' && needsObjects({ state }) && !(mutation === 'forgets-superseded' && state === 'SUPERSEDED'),
  );

const sweeperSteps = (world: World, at: number, mutation: Mutation | undefined): readonly Step[] => {
  const sweeper = world.sweepers[at]!;
  if (sweeper.isDead) return [];
  const steps: Step[] = [{ name: `die ${at}`, world: withSweeper(world, at, { ...sweeper, isDead: true }) }];
  const step = (name: string, next: Sweeper, rest: Partial<World> = {}) =>
    steps.push({ name: `${name} ${at}`, world: { ...withSweeper(world, at, next), ...rest } });
  const early = mutation === 'looks-before-it-dooms';
  const takesOver = world.doom?.old === true || mutation === 'takes-over-from-the-living';
  const mayDoom = world.stored && (world.doom === undefined || (takesOver && world.doom.by !== at));
  const doom = { by: at, old: false };
  switch (sweeper.phase) {
    case 'idle':
      if (early) step('look', { ...sweeper, phase: 'marked', needed: isNeeded(world, mutation) });
      else if (mayDoom) step('doom', { ...sweeper, phase: 'doomed' }, { doom });
      // Whoever died may have removed the object and left the doom.
      else if (!world.stored && world.doom !== undefined && takesOver && world.doom.by !== at)
        step('lift', IDLE, { doom: undefined });
      break;
    case 'doomed':
      if (early) step('remove', { ...sweeper, phase: 'removed' }, { stored: false });
      else step('look', { ...sweeper, phase: 'marked', needed: isNeeded(world, mutation) });
      break;
    case 'marked':
      if (early && sweeper.needed) step('leave', IDLE);
      else if (early)
        steps.push(
          ...(mayDoom
            ? [{ name: `doom ${at}`, world: { ...withSweeper(world, at, { ...sweeper, phase: 'doomed' as const }), doom } }]
            : []),
        );
      else if (sweeper.needed) step('spare', IDLE, { doom: undefined });
      else step('remove', { ...sweeper, phase: 'removed' }, { stored: false });
      break;
    case 'removed':
      step('lift', IDLE, { doom: undefined });
  }
  return steps;
};

const timePasses = (world: World): readonly Step[] => {
  if (world.doom === undefined || world.doom.old) return [];
  const { by } = world.doom;
  return [
    { name: 'time', world: { ...withSweeper(world, by, { ...world.sweepers[by]!, isDead: true }), doom: { by, old: true } } },
  ];
};

/** A sweeper that died is started again, knowing nothing, once its last doom is old or over. */
const restarts = (world: World): readonly Step[] =>
  world.sweepers.flatMap((sweeper, at) =>
    sweeper.isDead && world.doom?.by !== at ? [{ name: `start ${at}`, world: withSweeper(world, at, IDLE) }] : [],
  );

const stepsOf = (world: World, mutation: Mutation | undefined): readonly Step[] => [
  ...world.publishers.flatMap((_, at) => publisherSteps(world, at, mutation)),
  ...world.sweepers.flatMap((_, at) => sweeperSteps(world, at, mutation)),
  ...timePasses(world),
  ...restarts(world),
];

const COMPLETE: readonly (ReleaseState | 'none')[] = ['SEALED', 'VALIDATED', 'CURRENT', 'SUPERSEDED'];

const isLost = ({ stored, publishers }: World): boolean =>
  !stored && publishers.some(({ needs, state }) => needs && COMPLETE.includes(state));

interface Explored {
  readonly states: number;
  readonly removals: number;
  /** The shortest way to an object that is gone and needed. */
  readonly lost: readonly string[] | undefined;
}

const explore = (needs: readonly boolean[], mutation?: Mutation): Explored => {
  const first = initial(needs);
  const ways = new Map<string, readonly string[]>([[JSON.stringify(first), []]]);
  let wave: World[] = [first];
  let removals = 0;
  while (wave.length > 0) {
    const next: World[] = [];
    for (const world of wave) {
      const way = ways.get(JSON.stringify(world)) ?? [];
      for (const step of stepsOf(world, mutation)) {
        if (step.name.startsWith('remove')) removals += 1;
        const key = JSON.stringify(step.world);
        if (ways.has(key)) continue;
        ways.set(key, [...way, step.name]);
        if (isLost(step.world)) return { states: ways.size, removals, lost: [...way, step.name] };
        next.push(step.world);
      }
    }
    wave = next;
  }
  return { states: ways.size, removals, lost: undefined };
};

const SHAPES = [
  [true, true],
  [true, false],
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
    ['a publisher does not mind dooms', 'ignores-dooms'],
    ['dooms of the living are taken over', 'takes-over-from-the-living'],
    ['superseded releases are forgotten', 'forgets-superseded'],
  ])('%s', (_, mutation) => {
    const lost = SHAPES.map((needs) => explore(needs, mutation).lost).find((way) => way !== undefined);
    console.log(`${mutation}: ${lost?.join(', ')}`);
    expect(lost).toBeDefined();
  });
});
