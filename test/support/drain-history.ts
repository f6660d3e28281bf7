import { randomUUID } from 'node:crypto';
import { decideHost, type HostCall } from '#domain/drain/decide-host.ts';
import { decideConfirm, decideSettle, decideSweep } from '#domain/drain/decide-others.ts';
import type { DrainPolicy } from '#domain/drain/drain-policy.ts';
import { type DrainGroup, isAway, type SyncPair } from '#domain/drain/drain-state.ts';
import { boundGroups, groupsOfHost } from '#domain/drain/groups.ts';
import { membershipEdits } from '#domain/drain/membership.ts';
import type { DrainView } from '#domain/drain/take-transition.ts';
import { Fault } from '#domain/errors.ts';
import type { Host } from '#domain/inventory/inventory.ts';
import type { DrainNow, DrainStore } from '#ports/drain-store.ts';
import { DRAIN_POLICY } from './a-drain.ts';
import { aCategory, aHost, anInventory, MINUTE } from './a-network.ts';

/** What one of several things that happen at once is; `dies` after so many calls of the store, the last one done and its reply lost. */
export type HistoryAction = { readonly dies: number | undefined } & (
  | { readonly kind: 'begin' | 'beat' | 'sweep' | 'check'; readonly host: number }
  | { readonly kind: 'end'; readonly host: number; readonly good: boolean }
  | { readonly kind: 'publish' }
);

export interface HistoryRound {
  /** Passes before the round. */
  readonly passes: 'nothing' | 'seconds' | 'caches' | 'lease';
  readonly actions: readonly HistoryAction[];
}

export interface HistoryPlan {
  readonly hosts: number;
  readonly regions: boolean;
  readonly minInService: number;
  readonly maxDraining: number;
  readonly onFailure: DrainPolicy['onFailure'];
  readonly rounds: readonly HistoryRound[];
}

export interface HistoryResult {
  readonly violations: readonly string[];
  readonly drains: number;
  readonly returns: number;
  readonly lost: number;
}

export interface HistoryOptions {
  /** A product that believes every tree. */
  readonly believesAll?: boolean;
}

class Died extends Error {}

const LONGER_THAN: Readonly<Record<HistoryRound['passes'], number>> = {
  nothing: 0,
  seconds: 5_000,
  caches: MINUTE + 1,
  lease: 10 * MINUTE + 1,
};

/** The store as somebody uses it who dies at its nth call: the call is done, and nobody learns of it. */
const mortal = (store: DrainStore, dies: number | undefined, onDeath: () => void): DrainStore => {
  let calls = 0;
  const counted = <Parameters extends unknown[], Reply>(call: (...given: Parameters) => Promise<Reply>) => {
    return async (...given: Parameters): Promise<Reply> => {
      if (dies !== undefined && calls >= dies) throw new Died();
      calls += 1;
      const reply = await call(...given);
      if (calls === dies) {
        onDeath();
        throw new Died();
      }
      return reply;
    };
  };
  const change: DrainStore['change'] = async (key, groups, decide) => {
    for (;;) {
      const [pair, bounds] = await Promise.all([parts.pair(key), store.groupsOf(key.category, groups)]);
      const wanted = await decide({ pair, groups: bounds });
      if (wanted === undefined) return { pair, change: wanted };
      if ((await parts.write(wanted)).kind === 'written') return { pair: wanted.next, change: wanted };
    }
  };
  const parts = {
    ...store,
    pair: counted(store.pair),
    pairs: counted(store.pairs),
    groups: counted(store.groups),
    write: counted(store.write),
    admit: counted(store.admit),
    expel: counted(store.expel),
    change,
  };
  return parts;
};

export const runDrainHistory = async (
  store: DrainStore,
  /** The same tables, by a way on which nothing is lost. */
  calm: DrainStore,
  category: string,
  plan: HistoryPlan,
  options: HistoryOptions = {},
): Promise<HistoryResult> => {
  const policy: DrainPolicy = {
    ...DRAIN_POLICY,
    onFailure: plan.onFailure,
    groups: [
      { scope: 'global', categories: [], minInService: plan.minInService, maxDraining: plan.maxDraining },
      ...(plan.regions ? [{ scope: 'region' as const, categories: [], minInService: 1, maxDraining: 1 }] : []),
    ],
  };
  const hosts = Array.from(
    { length: plan.hosts },
    (_, at): Host =>
      aHost(`h${at}`, {
        // Two regions; the second has one host where there are three.
        region: at < 2 ? 'eu' : 'us',
        carries: [{ category, urls: [], alwaysCurrent: false }],
      }),
  );
  const base = anInventory(hosts, { categories: [aCategory({ id: category })] });
  const inventory = { ...base, settings: { ...base.settings, drain: policy } };
  const ids = hosts.map(({ id }) => id);
  const limitsOf = (id: string) => {
    const host = hosts.find((one) => one.id === id);
    return host === undefined ? [] : groupsOfHost(policy, host, undefined, category);
  };
  const keys = [...new Set(ids.flatMap((id) => limitsOf(id).map(({ key }) => key)))];

  let nowMs = 1_000_000;
  const now = (): number => {
    nowMs += 1;
    return nowMs;
  };
  const good = new Set(ids);
  const violations: string[] = [];
  const runs = new Map<string, number>();
  const fences = new Map<string, number>();
  /** Published documents; clients follow one until a while after the next came. */
  const documents: { readonly listed: readonly string[]; untilMs: number }[] = [];
  let pointer = 0;
  let drains = 0;
  let returns = 0;
  let lost = 0;

  const viewOf = (id: string, { pair, groups }: DrainNow, by: string): DrainView => ({
    key: { host: id, category },
    pair,
    groups: boundGroups(limitsOf(id), groups),
    policy,
    presence: 'on',
    nowMs: now(),
    by,
    writeId: randomUUID(),
  });

  const call = async (using: DrainStore, id: string, wanted: HostCall): Promise<SyncPair | undefined> => {
    let after: SyncPair | undefined;
    const limits = limitsOf(id).map(({ key }) => key);
    const { change } = await using.change({ host: id, category }, limits, async (present) => {
      const waiting =
        present.pair === undefined || wanted.kind === 'end'
          ? []
          : (await store.pairs(category)).filter((pair) => pair.state === 'WAITING');
      const decision = decideHost(
        viewOf(id, present, `host:${id}`),
        wanted,
        waiting.map((pair) => ({ pair, groups: boundGroups(limitsOf(pair.host), present.groups) })),
      );
      after = decision.kind === 'write' ? decision.change.next : decision.kind === 'as-it-is' ? decision.pair : undefined;
      return decision.kind === 'write' ? decision.change : undefined;
    });
    if (change?.slots.some(({ kind }) => kind === 'take')) drains += 1;
    if (after !== undefined) fences.set(id, after.fence);
    // Whoever is told so writes from now on.
    if (after?.state === 'SYNCING') good.delete(id);
    return after;
  };

  const publish = async (using: DrainStore): Promise<void> => {
    const seenPointer = pointer;
    const pairs = await using.pairs(category);
    const groups = await using.groups(category);
    const away = pairs.filter(({ state }) => isAway(state));
    const listed = ids.filter((id) => !away.some(({ host }) => host === id));
    const isListed = (id: string): boolean => listed.includes(id);
    const { admissions, expulsions } = membershipEdits(inventory, isListed, groups);
    if (admissions.length > 0 && (await using.admit(admissions)).kind === 'refused') return;
    if (pointer !== seenPointer) return;
    pointer += 1;
    const before = documents.at(-1);
    if (before !== undefined) before.untilMs = now() + policy.cacheBudgetMs;
    documents.push({ listed, untilMs: Number.POSITIVE_INFINITY });
    for (const edit of expulsions) await using.expel(edit);
    for (const pair of away) {
      if (pair.publishedMs !== undefined) continue;
      await using.change({ host: pair.host, category }, [], (present) =>
        decideConfirm(viewOf(pair.host, present, 'publish'), pair, undefined),
      );
    }
  };

  const check = async (using: DrainStore, id: string): Promise<void> => {
    const pair = await using.pair({ host: id, category });
    if (pair === undefined || pair.state === 'SYNCING') return;
    const startedMs = now();
    const verdict =
      good.has(id) || options.believesAll ? ({ kind: 'passed' } as const) : ({ kind: 'failed', reason: 'gone' } as const);
    const { change } = await using.change({ host: id, category }, [], (present) =>
      decideSettle(viewOf(id, present, 'crawl'), pair.fence, startedMs, verdict),
    );
    if (change?.transition === 'return') returns += 1;
  };

  const sweep = async (using: DrainStore, id: string): Promise<void> => {
    await using.change({ host: id, category }, [], (present) => decideSweep(viewOf(id, present, 'sweep')));
  };

  const act = async (action: HistoryAction): Promise<void> => {
    const id = action.kind === 'publish' ? '' : (ids[action.host % ids.length] ?? '');
    const using = mortal(store, action.dies, () => {
      lost += 1;
    });
    const fence = fences.get(id) ?? 0;
    switch (action.kind) {
      case 'begin': {
        // Again with the same key while nobody answered; a new run once one was told how it ended.
        const run = runs.get(id) ?? 0;
        runs.set(id, run);
        await call(using, id, {
          kind: 'begin',
          idempotencyKey: `run-${run}`,
          mode: run % 3 === 2 ? 'additive' : 'full',
          expectedMs: undefined,
        });
        return;
      }
      case 'beat':
        await call(using, id, { kind: 'heartbeat', fence, phase: (runs.get(id) ?? 0) % 3 === 2 ? 'destructive' : undefined });
        return;
      case 'end': {
        if (action.good) good.add(id);
        const after = await call(using, id, { kind: 'end', fence, outcome: action.good ? 'success' : 'failed' });
        if (after !== undefined) runs.set(id, (runs.get(id) ?? 0) + 1);
        return;
      }
      case 'check':
        return await check(using, id);
      case 'sweep':
        return await sweep(using, id);
      case 'publish':
        return await publish(using);
    }
  };

  const survive = async (action: HistoryAction): Promise<void> => {
    try {
      await act(action);
    } catch (error) {
      // A Fault: nobody knows whether it was done.
      if (error instanceof Died) return;
      if (!(error instanceof Fault)) throw error;
      lost += 1;
    }
  };

  const hostProblems = (pair: SyncPair, groups: readonly DrainGroup[]): readonly string[] => {
    const { host, state } = pair;
    const serving = !isAway(state);
    const followed = documents.filter(({ untilMs }) => untilMs > nowMs).flatMap(({ listed }) => listed);
    const holding = groups.filter(({ draining }) => draining.includes(host)).map(({ key }) => key);
    return [
      ...(serving && !good.has(host) ? [`${host} is ${state} and not good`] : []),
      ...(state === 'SYNCING' && followed.includes(host) ? [`${host} is written to while clients are sent there`] : []),
      ...(holding.toSorted().join() === pair.groups.toSorted().join()
        ? []
        : [`${host} is ${state} with slots ${holding} instead of ${pair.groups}`]),
      ...(serving && holding.length > 0 ? [`${host} serves with slots`] : []),
      ...(!serving && groups.some(({ inService }) => inService.includes(host))
        ? [`${host} is ${state} and counts as in service`]
        : []),
    ];
  };

  const look = async (at: string): Promise<void> => {
    const [pairs, groups] = await Promise.all([calm.pairs(category), calm.groups(category)]);
    const offered = documents.at(-1)?.listed ?? [];
    const limits = new Map(ids.flatMap((id) => limitsOf(id).map((limit) => [limit.key, limit] as const)));
    const found = [
      ...pairs.flatMap((pair) => hostProblems(pair, groups)),
      ...[...limits.values()].flatMap(({ key, minInService, maxDraining }) => {
        const members = ids.filter((id) => limitsOf(id).some((limit) => limit.key === key));
        const left = members.filter((id) => offered.includes(id) && good.has(id)).length;
        const away = groups.find((group) => group.key === key)?.draining.length ?? 0;
        return [
          ...(left < Math.min(minInService, members.length) ? [`${key} offers ${left}`] : []),
          ...(away > maxDraining ? [`${away} are away in ${key}`] : []),
        ];
      }),
    ];
    for (const problem of found) violations.push(`${problem} ${at} of ${category}`);
  };

  await publish(calm);
  for (const [at, round] of plan.rounds.entries()) {
    nowMs += LONGER_THAN[round.passes];
    await Promise.all(round.actions.map(survive));
    await look(`after round ${at}`);
    if (violations.length > 0) return { violations, drains, returns, lost };
  }
  // Everybody is silent, every tree is mended, and everybody comes home.
  for (const id of ids) good.add(id);
  nowMs += 31 * MINUTE;
  for (const { host } of await calm.pairs(category)) {
    // First it lapses, then it is judged; a host whose owner waits for its turn only loses its ticket.
    await sweep(calm, host);
    await check(calm, host);
  }
  await publish(calm);
  await publish(calm);
  const home = documents.at(-1)?.listed ?? [];
  if (home.length !== ids.length) violations.push(`only ${home} came home in ${category}`);
  for (const { key, draining, inService } of await calm.groups(category)) {
    const members = ids.filter((id) => limitsOf(id).some((limit) => limit.key === key));
    if (draining.length > 0) violations.push(`${draining} kept a slot of ${key} in ${category}`);
    if (keys.includes(key) && inService.join() !== members.join()) violations.push(`${key} counts ${inService} in ${category}`);
  }
  return { violations, drains, returns, lost };
};
