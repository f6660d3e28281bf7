import { needsObjects, objectStanding } from '#domain/volume/garbage.ts';
import { isComplete, type ReleaseState } from '#domain/volume/release.ts';
import { RELEASE_TRANSITIONS, type TransitionName } from '#domain/volume/release-transitions.ts';

/**
 * Everything that can happen to one object that one or both of two publishers need and two sweepers would remove, as a finite graph.
 * Any of them may stop anywhere, for ever; a sweeper that died is another one that knows nothing. Time is one step: a doom becomes old,
 * by when whoever wrote it is dead, and so are its requests. Publishers put the documents of their tree, and objects, whenever they like while they publish; what seals is a reader
 * of the tree.
 */
interface Publisher {
  /** Whether its release has the object at all. */
  readonly needs: boolean;
  readonly state: ReleaseState | 'none';
  /** The documents of its tree are stored. */
  readonly tree: boolean;
  /** They were read since it staged. */
  readonly read: boolean;
  /** Whoever read them saw after that that the object is not doomed. */
  readonly asked: boolean;
  /** And after that, that it is there. */
  readonly found: boolean;
  /** It was told that the object is missing, and its request to put it is under way. */
  readonly puts: boolean;
}

/**
 * What a list of releases said of one publisher's: it needs nothing, what is stored of its tree, or all of its tree. Of what was not
 * stored when it was read the list is asked again, and says whether anything was decided about the release since.
 */
type Listed = 'nothing' | 'all' | 'stored' | 'stored, and changed since' | 'absent' | 'absent, and changed since';

interface Sweeper {
  readonly phase: 'idle' | 'doomed' | 'listed' | 'read' | 'marked' | 'removed';
  readonly listed: readonly Listed[];
  /** What the look at the releases said. */
  readonly needed: boolean;
  /** A request to remove got no answer, and may arrive yet. */
  readonly late: boolean;
}

export interface World {
  readonly stored: boolean;
  readonly doom: { readonly by: number; readonly old: boolean } | undefined;
  readonly publishers: readonly Publisher[];
  readonly sweepers: readonly Sweeper[];
}

export type Mutation =
  | 'looks-before-it-dooms'
  | 'asks-before-it-stages'
  | 'asks-before-it-reads'
  | 'seals-what-was-staged-again'
  | 'finds-before-it-asks-for-dooms'
  | 'inherits-before-it-reads'
  | 'ignores-dooms'
  | 'takes-over-from-the-living'
  | 'lifts-while-a-request-is-under-way'
  | 'lists-one-after-the-other'
  | 'does-not-list-again'
  | 'forgets-superseded'
  | 'forgets-staging';

export interface Step {
  readonly name: string;
  readonly world: World;
}

const IDLE: Sweeper = { phase: 'idle', listed: [], needed: false, late: false };
export const initial = (needs: readonly boolean[]): World => ({
  stored: true,
  doom: undefined,
  publishers: needs.map((need) => ({
    needs: need,
    state: 'none',
    tree: false,
    read: false,
    asked: false,
    found: false,
    puts: false,
  })),
  sweepers: [IDLE, IDLE],
});

const may = (transition: TransitionName, state: Publisher['state']): boolean =>
  RELEASE_TRANSITIONS[transition].from.includes(state);
const stateAfter = (transition: TransitionName, state: ReleaseState): ReleaseState => {
  const { to } = RELEASE_TRANSITIONS[transition];
  return to === 'same' ? state : to;
};
const withPublisher = (world: World, at: number, change: Partial<Publisher>): World => ({
  ...world,
  publishers: world.publishers.map((publisher, index) => (index === at ? { ...publisher, ...change } : publisher)),
});
const withSweeper = (world: World, at: number, change: Partial<Sweeper>): World => ({
  ...world,
  sweepers: world.sweepers.map((sweeper, index) => (index === at ? { ...sweeper, ...change } : sweeper)),
});

/** Bytes on their way, and what looks at them. */
const bytesSteps = (world: World, at: number, mutation: Mutation | undefined): readonly Step[] => {
  const { needs, state, tree, read, asked, found, puts } = world.publishers[at]!;
  // What is in the tree of the other does not matter.
  if (!needs) return [];
  const steps: Step[] = [];
  const step = (name: string, change: Partial<Publisher>, rest: Partial<World> = {}) =>
    steps.push({ name: `${name} ${at}`, world: { ...withPublisher(world, at, change), ...rest } });
  const isStaging = state === 'STAGING' || (mutation === 'asks-before-it-stages' && state === 'none');
  const isDoomed = world.doom !== undefined && !world.doom.old && mutation !== 'ignores-dooms';
  if (isStaging && !tree) step('store tree', { tree: true });
  if (isStaging && tree && !read) step('read tree', { read: true });
  const looks = isStaging && (read || mutation === 'asks-before-it-reads');
  const early = mutation === 'finds-before-it-asks-for-dooms';
  if (looks && !asked && !isDoomed && (!early || found)) step('ask', { asked: true });
  if (looks && !found && world.stored && (early || asked)) step('find', { found: true });
  // What a complete release of the same volume has need not be looked for.
  const inherits = isStaging && (read || mutation === 'inherits-before-it-reads') && !(asked && found);
  const basis = world.publishers.some(({ needs: has, state: other }) => has && other !== 'none' && isComplete({ state: other }));
  if (inherits && basis) step('inherit', { asked: true, found: true });
  if (isStaging && !puts && objectStanding(world.stored, isDoomed) === 'missing') step('miss', { puts: true });
  // A request arrives when it does, whatever became of the release.
  if (puts) step('put', { puts: false }, { stored: true });
  // Documents are objects, swept as others are while nobody needs them.
  if (tree && (state === 'none' || !needsObjects({ state }))) step('lose tree', { tree: false });
  return steps;
};

/** Whoever listed the release finds out when they list it again. */
const decided = (world: World, at: number): World => ({
  ...world,
  sweepers: world.sweepers.map((sweeper) => {
    const seen = sweeper.listed[at];
    if (seen !== 'stored' && seen !== 'absent') return sweeper;
    return { ...sweeper, listed: sweeper.listed.with(at, `${seen}, and changed since`) };
  }),
});

const stateSteps = (world: World, at: number, mutation: Mutation | undefined): readonly Step[] => {
  const { needs, state, read, asked, found } = world.publishers[at]!;
  const steps: Step[] = [];
  const step = (name: string, change: Partial<Publisher>, from = world) =>
    steps.push({ name: `${name} ${at}`, world: decided(withPublisher(from, at, change), at) });
  const keeps = mutation === 'asks-before-it-stages' || mutation === 'seals-what-was-staged-again';
  if (may('stage', state)) step('stage', { state: 'STAGING', read: keeps && read, asked: keeps && asked, found: keeps && found });
  if (state === 'none') return steps;
  if (may('seal', state) && (!needs || (read && asked && found))) step('seal', { state: stateAfter('seal', state) });
  for (const transition of ['validate', 'reject', 'abort', 'expire'] as const)
    if (may(transition, state)) step(transition, { state: stateAfter(transition, state) });
  if (may('commit', state)) {
    const other = world.publishers.findIndex((publisher) => publisher.state === 'CURRENT');
    step(
      'commit',
      { state: 'CURRENT' },
      other === -1 ? world : decided(withPublisher(world, other, { state: 'SUPERSEDED' }), other),
    );
  }
  return steps;
};

const listedAs = ({ state }: Publisher, mutation: Mutation | undefined): Listed => {
  if (state === 'none' || !needsObjects({ state })) return 'nothing';
  if (mutation === 'forgets-superseded' && state === 'SUPERSEDED') return 'nothing';
  if (mutation === 'forgets-staging' && state === 'STAGING') return 'nothing';
  return isComplete({ state }) ? 'all' : 'stored';
};

/** All of a tree that cannot be read: nothing is removed. */
const isNeeded = ({ publishers }: World, listed: readonly Listed[]): boolean =>
  publishers.some(
    ({ needs, tree }, at) => needs && (listed[at] === 'all' || (listed[at]?.startsWith('stored') === true && tree)),
  );

const afterReading = ({ publishers }: World, listed: readonly Listed[]): readonly Listed[] =>
  listed.map((seen, at) => {
    if (publishers[at]?.tree === true || seen === 'all' || seen === 'nothing') return 'nothing';
    return seen === 'stored' ? 'absent' : 'absent, and changed since';
  });

const removals = (world: World, at: number): readonly Step[] => [
  { name: `remove ${at}`, world: { ...withSweeper(world, at, { phase: 'removed' }), stored: false } },
  { name: `remove, unanswered ${at}`, world: { ...withSweeper(world, at, { phase: 'removed', late: true }), stored: false } },
];

/** What it does in the wrong order: it lists and reads, then dooms, then removes. */
const earlySteps = (world: World, at: number): readonly Step[] => {
  const { phase, needed } = world.sweepers[at]!;
  const listed = world.publishers.map((publisher) => listedAs(publisher, undefined));
  if (phase === 'idle')
    return [{ name: `look ${at}`, world: withSweeper(world, at, { phase: 'marked', needed: isNeeded(world, listed) }) }];
  if (phase === 'marked' && !needed && world.stored && world.doom === undefined)
    return [{ name: `doom ${at}`, world: { ...withSweeper(world, at, { phase: 'doomed' }), doom: { by: at, old: false } } }];
  return phase === 'doomed' ? removals(world, at) : [];
};

const sweeperSteps = (world: World, at: number, mutation: Mutation | undefined): readonly Step[] => {
  const sweeper = world.sweepers[at]!;
  const steps: Step[] = [];
  const step = (name: string, change: Partial<Sweeper>, rest: Partial<World> = {}) =>
    steps.push({ name: `${name} ${at}`, world: { ...withSweeper(world, at, change), ...rest } });
  if (sweeper.late) step('late request', { late: false }, { stored: false });
  if (mutation === 'looks-before-it-dooms') return [...steps, ...earlySteps(world, at)];
  const idle = { phase: 'idle', listed: [], needed: false } as const;
  const lift = world.doom?.by === at ? { doom: undefined } : {};
  const { doom } = world;
  const takesOver = doom !== undefined && doom.by !== at && (doom.old || mutation === 'takes-over-from-the-living');
  switch (sweeper.phase) {
    case 'idle':
      if (world.stored && (doom === undefined || takesOver)) step('doom', { phase: 'doomed' }, { doom: { by: at, old: false } });
      if (doom?.old === true) step('lift what is abandoned', {}, { doom: undefined });
      break;
    case 'doomed': {
      const rest = world.publishers.slice(sweeper.listed.length).map((publisher) => listedAs(publisher, mutation));
      const listed = [...sweeper.listed, ...(mutation === 'lists-one-after-the-other' ? rest.slice(0, 1) : rest)];
      step('list', { phase: listed.length < world.publishers.length ? 'doomed' : 'listed', listed });
      break;
    }
    case 'listed':
      step('read trees', {
        phase: 'read',
        listed: afterReading(world, sweeper.listed),
        needed: isNeeded(world, sweeper.listed),
      });
      break;
    case 'read':
      if (sweeper.needed || mutation === 'does-not-list-again' || !sweeper.listed.includes('absent, and changed since'))
        step('list again', { phase: 'marked', listed: [] });
      else step('list again', { phase: 'doomed', listed: [] });
      break;
    case 'marked':
      if (sweeper.needed) step('spare', idle, lift);
      else steps.push(...removals(world, at));
      break;
    case 'removed':
      if (!sweeper.late || mutation === 'lifts-while-a-request-is-under-way') step('lift', idle, lift);
      else step('leave', idle);
  }
  return steps;
};

const timePasses = (world: World): readonly Step[] => {
  if (world.doom === undefined || world.doom.old) return [];
  const { by } = world.doom;
  return [{ name: 'time', world: { ...withSweeper(world, by, IDLE), doom: { by, old: true } } }];
};

/** While its doom is young, a dead sweeper is as one that does nothing. */
const deaths = (world: World): readonly Step[] =>
  world.sweepers.flatMap(({ late }, at) =>
    world.doom?.by !== at || world.doom.old ? [{ name: `die ${at}`, world: withSweeper(world, at, { ...IDLE, late }) }] : [],
  );

export const stepsOf = (world: World, mutation: Mutation | undefined): readonly Step[] => [
  ...world.publishers.flatMap((_, at) => [...bytesSteps(world, at, mutation), ...stateSteps(world, at, mutation)]),
  ...world.sweepers.flatMap((_, at) => sweeperSteps(world, at, mutation)),
  ...timePasses(world),
  ...deaths(world),
];

export const isLost = ({ stored, publishers }: World): boolean =>
  !stored && publishers.some(({ needs, state }) => needs && state !== 'none' && isComplete({ state }));

/** Equal for equal worlds only. */
export const keyOf = ({ stored, doom, publishers, sweepers }: World): string =>
  [
    stored,
    doom?.by,
    doom?.old,
    ...publishers.map((p) => [p.needs, p.state, p.tree, p.read, p.asked, p.found, p.puts].join()),
    ...sweepers.map((s) => [s.phase, s.needed, s.late, s.listed.join('|')].join()),
  ].join(';');
