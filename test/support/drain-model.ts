import { decideHost, type HostCall } from '#domain/drain/decide-host.ts';
import { decideConfirm, decideSettle, decideSweep } from '#domain/drain/decide-others.ts';
import type { DrainChange } from '#domain/drain/drain-change.ts';
import { DEFAULT_DRAIN_POLICY, type DrainPolicy } from '#domain/drain/drain-policy.ts';
import { isAway, type SyncPair } from '#domain/drain/drain-state.ts';
import { boundGroups, type GroupLimit } from '#domain/drain/groups.ts';
import type { DrainView } from '#domain/drain/take-transition.ts';
import type { Verdict } from '#domain/drain/verify.ts';
import { applyChange, applyEdits, type DrainTables, emptyDrainTables, groupIn } from './memory-drain-store.ts';

/**
 * Everything that can happen to a few hosts that synchronise, as a finite graph: the product's own decisions on tables in memory, with
 * time reduced to what they compare. A lease is running or over, a publication is fresh or older than the caches, a check began
 * before or after the end. Versions and write ids only tell "as read" from "changed since", which the model keeps as flags.
 */
const CATEGORY = 'linux';
const NOW = 1_000;
const POLICY: DrainPolicy = { ...DEFAULT_DRAIN_POLICY, cacheBudgetMs: 100, leaseMs: 1_000, ticketMs: 1_000, maximumMs: 10_000 };

export interface ModelShape {
  /** Groups of each host. */
  readonly hosts: Readonly<Record<string, readonly GroupLimit[]>>;
  /** Hosts that may be swapped without anybody noticing. */
  readonly alike: readonly (readonly string[])[];
  readonly publishers: number;
  readonly onFailure: DrainPolicy['onFailure'];
  /**
   * Leases that run out are swept at once, checks take no time, a publisher reads and adds, or publishes and tells, in one go, and
   * hosts begin again only once a snapshot lists them.
   */
  readonly coarse: boolean;
}

interface Publisher {
  readonly phase: 'idle' | 'read' | 'admitted' | 'moved';
  readonly document: readonly string[];
  /** Away when the state was read, and with the same fence still. */
  readonly away: readonly string[];
  /** In service per group when the state was read; undefined once another publisher changed the group. */
  readonly members: Readonly<Record<string, readonly string[] | undefined>>;
  readonly pointerAsRead: boolean;
}

export interface World {
  readonly tables: DrainTables;
  /** Trees that hold what they should. */
  readonly good: ReadonlySet<string>;
  readonly published: readonly string[];
  /** Hosts that clients may be on their way to. */
  readonly cached: readonly string[];
  /** Checks on their way: what each saw of the tree. One whose synchronisation is over says nothing, and is forgotten. */
  readonly checks: Readonly<Record<string, 'good' | 'bad' | undefined>>;
  /** Grants that were decided and are not written yet. */
  readonly decided: readonly string[];
  readonly publishers: readonly Publisher[];
}

export interface Step {
  readonly name: string;
  readonly world: World;
}

/** What a broken product would do; nothing by default. */
export interface Mutation {
  readonly change?: (change: DrainChange) => DrainChange;
  /** Replaces the verdict of a check. */
  readonly verdict?: (verdict: Verdict) => Verdict;
  /** A publisher moves the pointer whatever was published since it read. */
  readonly movesAnyPointer?: boolean;
}

const NEVER: SyncPair = {
  host: '',
  category: CATEGORY,
  version: 1,
  state: 'IN_SERVICE',
  sinceMs: 0,
  fence: 1,
  mode: 'full',
  idempotencyKey: 'old',
  expectedMs: undefined,
  beganMs: 0,
  ticketMs: undefined,
  seenMs: NOW,
  leaseUntilMs: undefined,
  capMs: undefined,
  groups: [],
  endedMs: undefined,
  publishedMs: undefined,
  retractions: 0,
  baseline: undefined,
  served: true,
  hold: undefined,
  reason: undefined,
  writeId: 'old',
};
const IDLE: Publisher = { phase: 'idle', document: [], away: [], members: {}, pointerAsRead: true };
const pairName = (host: string): string => `${CATEGORY}/${host}`;
export const pairOf = (world: World, host: string): SyncPair | undefined => world.tables.pairs.get(pairName(host));
const isServing = (world: World, host: string): boolean => {
  const pair = pairOf(world, host);
  return pair === undefined || !isAway(pair.state);
};

const copyTables = ({ pairs, groups }: DrainTables): DrainTables => ({
  pairs: new Map(pairs),
  groups: new Map(groups),
  events: [],
});

export const drainModel = (shape: ModelShape, mutation: Mutation = {}) => {
  const hosts = Object.keys(shape.hosts);
  const policy = { ...POLICY, onFailure: shape.onFailure };
  const keys = [...new Set(Object.values(shape.hosts).flatMap((limits) => limits.map(({ key }) => key)))];

  const initial = (): World => {
    const tables = emptyDrainTables();
    for (const key of keys) {
      const members = hosts.filter((host) => shape.hosts[host]?.some((limit) => limit.key === key));
      applyEdits(tables, [{ category: CATEGORY, key, revision: 0, hosts: members }], 'add');
    }
    // As if each had synchronised before: whether it did makes no difference once it is listed.
    for (const host of hosts) tables.pairs.set(pairName(host), { ...NEVER, host });
    return {
      tables,
      good: new Set(hosts),
      published: hosts,
      cached: hosts,
      checks: {},
      decided: [],
      publishers: Array.from({ length: shape.publishers }, () => IDLE),
    };
  };

  const viewOf = (world: World, host: string): DrainView => ({
    key: { host, category: CATEGORY },
    pair: pairOf(world, host),
    groups: boundGroups(
      shape.hosts[host] ?? [],
      keys.map((key) => groupIn(world.tables, CATEGORY, key)),
    ),
    policy,
    presence: 'on',
    nowMs: NOW,
    by: 'model',
    writeId: 'new',
  });

  const rivalsOf = (world: World, host: string) =>
    hosts.flatMap((other) => {
      const pair = pairOf(world, other);
      return other === host || pair?.state !== 'WAITING' ? [] : [{ pair, groups: viewOf(world, other).groups }];
    });

  /** Brings numbers that only grow back to where they can be compared. */
  const settled = (pair: SyncPair, tickets: readonly number[]): SyncPair => ({
    ...pair,
    version: 1,
    fence: 1,
    sinceMs: 0,
    beganMs: 0,
    seenMs: NOW,
    mode: 'full',
    idempotencyKey: 'old',
    reason: undefined,
    writeId: 'old',
    capMs: undefined,
    baseline: undefined,
    endedMs: pair.state === 'VERIFYING' || pair.state === 'LAPSED' || pair.state === 'HELD' ? NOW : undefined,
    retractions: 0,
    ticketMs: pair.ticketMs === undefined ? undefined : 100 + tickets.indexOf(pair.ticketMs),
  });

  const normal = (world: World): World => {
    const pairs = new Map(world.tables.pairs);
    const tickets = [...pairs.values()].flatMap(({ ticketMs }) => ticketMs ?? []).toSorted((a, b) => a - b);
    for (const [name, pair] of pairs) pairs.set(name, settled(pair, tickets));
    const groups = new Map([...world.tables.groups].map(([name, group]) => [name, { ...group, revision: 1 }]));
    return { ...world, tables: { pairs, groups, events: [] } };
  };

  /** The world after a change, or the same one when it was refused. */
  const written = (world: World, wanted: DrainChange): World => {
    const change = mutation.change?.(wanted) ?? wanted;
    const tables = copyTables(world.tables);
    if (applyChange(tables, change) === 'refused') return { ...world, decided: without(world.decided, change.next.host) };
    const { host } = change.next;
    const before = pairOf(world, host);
    const newFence = change.next.fence !== (before?.fence ?? 0);
    const newEnd = ['end', 'lapse', 'revive', 'drain-again', 'enable', 'release'].includes(change.transition);
    const good = new Set(world.good);
    if (change.next.state === 'SYNCING') good.delete(host);
    const check = newFence || newEnd ? undefined : world.checks[host];
    return normal({
      ...world,
      tables,
      good,
      decided: without(world.decided, host),
      checks: { ...world.checks, [host]: check },
      publishers: newFence
        ? world.publishers.map((publisher) => ({ ...publisher, away: without(publisher.away, host) }))
        : world.publishers,
    });
  };

  const without = (all: readonly string[], one: string): readonly string[] => all.filter((other) => other !== one);

  const callOf = (world: World, host: string, call: HostCall) => decideHost(viewOf(world, host), call, rivalsOf(world, host));

  const hostSteps = (world: World, host: string): Step[] => {
    const steps: Step[] = [];
    const pair = pairOf(world, host);
    const call = (name: string, wanted: HostCall): void => {
      const decision = callOf(world, host, wanted);
      if (decision.kind !== 'write') return;
      const takes = decision.change.slots.some(({ kind }) => kind === 'take');
      // Others may be decided from the same groups before this is written.
      if (takes)
        steps.push({ name: `${host} ${name} is decided`, world: { ...world, decided: [...world.decided, host].toSorted() } });
      else steps.push({ name: `${host} ${name}: ${decision.change.transition}`, world: written(world, decision.change) });
    };
    if (world.decided.includes(host)) {
      const { key } = viewOf(world, host);
      const limits = shape.hosts[key.host] ?? [];
      // As it was decided: with room in every group.
      const roomy = {
        ...viewOf(world, host),
        groups: limits.map((limit) => ({ ...limit, inService: [host, ...hosts, 'x', 'y'], draining: [] })),
      };
      const wanted: HostCall =
        pair?.state === 'WAITING'
          ? { kind: 'heartbeat', fence: 1, phase: undefined }
          : { kind: 'begin', idempotencyKey: 'new', mode: 'full', expectedMs: undefined };
      const decision = decideHost({ ...roomy, policy }, wanted, []);
      if (decision.kind === 'write') steps.push({ name: `${host} is granted`, world: written(world, decision.change) });
      return steps;
    }
    // A host that came back begins again once a snapshot lists it.
    const counts = viewOf(world, host).groups.every(({ inService }) => inService.includes(host));
    const begins = !shape.coarse || counts || !isServing(world, host);
    if (begins) call('begins', { kind: 'begin', idempotencyKey: 'new', mode: 'full', expectedMs: undefined });
    if (pair !== undefined) {
      call('beats', { kind: 'heartbeat', fence: 1, phase: undefined });
      call('ends', { kind: 'end', fence: 1, outcome: 'success' });
    }
    if (pair?.leaseUntilMs !== undefined && pair.leaseUntilMs > NOW) {
      const tables = copyTables(world.tables);
      tables.pairs.set(pairName(host), { ...pair, leaseUntilMs: 500 });
      const silent = { ...world, tables };
      const change = shape.coarse ? decideSweep(viewOf(silent, host)) : undefined;
      steps.push({ name: `${host} is silent`, world: change === undefined ? silent : written(silent, change) });
    }
    const swept = decideSweep(viewOf(world, host));
    if (swept !== undefined) steps.push({ name: `${host} is swept: ${swept.transition}`, world: written(world, swept) });
    // Where checks take no time, it matters only when one is about to begin.
    if (!world.good.has(host) && !(shape.coarse && pair?.leaseUntilMs !== undefined)) {
      // Whoever writes, or mends it by hand, gets it right at last.
      steps.push({ name: `${host} is mended`, world: { ...world, good: new Set([...world.good, host]) } });
    }
    return [...steps, ...checkSteps(world, host, pair)];
  };

  const checkSteps = (world: World, host: string, pair: SyncPair | undefined): Step[] => {
    if (pair === undefined) return [];
    const check = world.checks[host];
    if (check === undefined) {
      if (pair.state !== 'VERIFYING' && pair.state !== 'LAPSED' && pair.state !== 'HELD') return [];
      const begun = world.good.has(host) ? ('good' as const) : ('bad' as const);
      const checked = { ...world, checks: { ...world.checks, [host]: begun } };
      return shape.coarse ? checkSteps(checked, host, pair) : [{ name: `a check of ${host} begins`, world: checked }];
    }
    const said: Verdict = check === 'good' ? { kind: 'passed' } : { kind: 'failed', reason: 'gone' };
    const verdict = mutation.verdict?.(said) ?? said;
    const done = { ...world, checks: { ...world.checks, [host]: undefined } };
    const change = decideSettle(viewOf(world, host), 1, NOW + 1, verdict);
    return [
      ...(shape.coarse ? [] : [{ name: `the check of ${host} is lost`, world: done }]),
      ...(change === undefined ? [] : [{ name: `${host} is judged: ${change.transition}`, world: written(done, change) }]),
    ];
  };

  const withPublisher = (world: World, at: number, publisher: Publisher): World => ({
    ...world,
    publishers: world.publishers.map((other, index) => (index === at ? publisher : other)),
  });

  const membersNow = (world: World): Publisher['members'] =>
    Object.fromEntries(keys.map((key) => [key, groupIn(world.tables, CATEGORY, key).inService]));

  /** Other publishers will find the group changed. */
  const groupsTouched = (world: World, by: number, touched: readonly string[]): World => ({
    ...world,
    publishers: world.publishers.map((other, index) =>
      index === by
        ? other
        : {
            ...other,
            members: Object.fromEntries(
              Object.entries(other.members).map(([key, seen]) => [key, touched.includes(key) ? undefined : seen]),
            ),
          },
    ),
  });

  const wantedIn = (key: string, document: readonly string[]): readonly string[] =>
    document.filter((host) => shape.hosts[host]?.some((limit) => limit.key === key));

  const publisherSteps = (world: World, at: number): Step[] => {
    const publisher = world.publishers[at] ?? IDLE;
    const idle = withPublisher(world, at, IDLE);
    const crash: Step = { name: `publisher ${at} dies`, world: idle };
    switch (publisher.phase) {
      case 'idle': {
        const read: Publisher = {
          phase: 'read',
          document: hosts.filter((host) => isServing(world, host)),
          away: hosts.filter((host) => !isServing(world, host)),
          members: membersNow(world),
          pointerAsRead: true,
        };
        const reading = withPublisher(world, at, read);
        return shape.coarse ? publisherSteps(reading, at).slice(1) : [{ name: `publisher ${at} reads`, world: reading }];
      }
      case 'read': {
        const edits = keys.flatMap((key) => {
          const missing = wantedIn(key, publisher.document).filter((host) => !publisher.members[key]?.includes(host));
          return missing.length === 0 ? [] : [{ key, hosts: missing }];
        });
        const stale = edits.some(({ key }) => publisher.members[key] === undefined);
        const tables = copyTables(world.tables);
        const result = stale
          ? 'refused'
          : applyEdits(
              tables,
              edits.map((edit) => ({ ...edit, category: CATEGORY, revision: 1 })),
              'add',
            );
        if (result === 'refused') return [crash, { name: `publisher ${at} is overtaken`, world: idle }];
        const touched = edits.map(({ key }) => key);
        // Its own additions are a revision of their own: what it read is no longer as it was.
        // Of the others only those matter that it will take out.
        const left = (key: string) => publisher.members[key]?.filter((host) => !publisher.document.includes(host));
        const members = Object.fromEntries(keys.map((key) => [key, touched.includes(key) ? undefined : left(key)]));
        const next = withPublisher({ ...world, tables }, at, { ...publisher, phase: 'admitted', members });
        return [crash, { name: `publisher ${at} adds`, world: normal(groupsTouched(next, at, touched)) }];
      }
      case 'admitted': {
        if (!publisher.pointerAsRead && mutation.movesAnyPointer !== true) return [crash];
        const moved = {
          ...world,
          published: publisher.document,
          cached: [...new Set([...world.cached, ...publisher.document])].toSorted(),
          publishers: world.publishers.map((other, index) =>
            index === at ? { ...publisher, phase: 'moved' as const } : { ...other, pointerAsRead: other.phase === 'idle' },
          ),
        };
        if (shape.coarse) return [crash, ...publisherSteps(moved, at).slice(1)];
        return [crash, { name: `publisher ${at} publishes ${publisher.document.join('')}`, world: moved }];
      }
      case 'moved': {
        let next = world;
        for (const key of keys) {
          const seen = publisher.members[key];
          const gone = (seen ?? []).filter((host) => !publisher.document.includes(host));
          if (gone.length === 0) continue;
          const tables = copyTables(next.tables);
          applyEdits(tables, [{ category: CATEGORY, key, revision: 1, hosts: gone }], 'remove');
          next = groupsTouched({ ...next, tables }, at, [key]);
        }
        for (const host of publisher.away) {
          const change = decideConfirm(viewOf(next, host), { fence: 1, retractions: 0 }, undefined);
          if (change !== undefined && !publisher.document.includes(host)) next = written(next, change);
        }
        return [crash, { name: `publisher ${at} tells`, world: normal(withPublisher(next, at, IDLE)) }];
      }
    }
  };

  const timeStep = (world: World): Step[] => {
    const fresh = [...world.tables.pairs.values()].some(({ publishedMs }) => publishedMs !== undefined && publishedMs > 0);
    if (!fresh && world.cached.length === world.published.length) return [];
    const pairs = new Map(
      [...world.tables.pairs].map(([name, pair]) => [name, pair.publishedMs === undefined ? pair : { ...pair, publishedMs: 0 }]),
    );
    return [{ name: 'caches are over', world: { ...world, cached: world.published, tables: { ...world.tables, pairs } } }];
  };

  const steps = (world: World): readonly Step[] => [
    ...hosts.flatMap((host) => hostSteps(world, host)),
    ...world.publishers.flatMap((_, at) => publisherSteps(world, at)),
    ...timeStep(world),
  ];

  /** What must never be; each is a sentence. */
  const violations = (world: World): readonly string[] => {
    const found: string[] = [];
    for (const host of hosts) {
      const pair = pairOf(world, host);
      if (pair?.state === 'SYNCING' && world.cached.includes(host))
        found.push(`${host} is written to while clients are sent there`);
      if (isServing(world, host) && !world.good.has(host)) found.push(`${host} serves and is not good`);
      for (const key of keys) {
        const holds = groupIn(world.tables, CATEGORY, key).draining.includes(host);
        if (holds !== (pair?.groups.includes(key) ?? false)) found.push(`the slot of ${host} in ${key} leaked`);
        const counted = groupIn(world.tables, CATEGORY, key).inService.includes(host);
        if (counted && !isServing(world, host)) found.push(`${host} counts in ${key} and is away`);
      }
      if (isServing(world, host) && (pair?.groups.length ?? 0) > 0) found.push(`${host} serves and has a slot`);
    }
    for (const { key, minInService, maxDraining } of new Map(
      Object.values(shape.hosts)
        .flat()
        .map((limit) => [limit.key, limit]),
    ).values()) {
      const { draining } = groupIn(world.tables, CATEGORY, key);
      const offered = wantedIn(key, world.published).filter((host) => world.good.has(host));
      if (offered.length < minInService) found.push(`${key} offers ${offered.length}`);
      if (draining.length > maxDraining) found.push(`${draining.length} are away in ${key}`);
    }
    return found;
  };

  const hostText = (world: World, host: string): string => {
    const pair = pairOf(world, host);
    const check = world.checks[host];
    return [
      pair?.state ?? '-',
      pair === undefined
        ? ''
        : [
            pair.leaseUntilMs === undefined ? '' : pair.leaseUntilMs > NOW,
            pair.publishedMs,
            pair.endedMs === undefined,
            pair.ticketMs,
            pair.groups.length,
          ],
      world.good.has(host),
      world.published.includes(host),
      world.cached.includes(host),
      world.decided.includes(host),
      check,
      keys.map((key) => {
        const group = groupIn(world.tables, CATEGORY, key);
        return group.inService.includes(host) ? 'i' : group.draining.includes(host) ? 'd' : '-';
      }),
      world.publishers.map(({ document, away, members }) => [
        document.includes(host),
        away.includes(host),
        keys.map((key) => (members[key] === undefined ? '?' : members[key]?.includes(host))),
      ]),
    ].join(',');
  };

  /** Equal for worlds that differ in nothing but the names of hosts that are alike. */
  const key = (world: World): string =>
    [
      ...shape.alike.map((group) =>
        group
          .map((host) => hostText(world, host))
          .toSorted()
          .join('|'),
      ),
      world.publishers.map(({ phase, pointerAsRead }) => [phase, pointerAsRead]).join(';'),
    ].join('/');

  const isHome = (world: World): boolean =>
    world.published.length === hosts.length &&
    hosts.every((host) => isServing(world, host)) &&
    keys.every(
      (one) =>
        groupIn(world.tables, CATEGORY, one).draining.length === 0 &&
        groupIn(world.tables, CATEGORY, one).inService.length === wantedIn(one, hosts).length,
    );

  return { initial, steps, violations, key, isHome };
};
