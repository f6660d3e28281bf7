/** One call as its client saw it: from when to when, and what it was told. No answer: it may have been done at any later time, or never. */
export interface RecordedCall {
  readonly host: string;
  readonly op: 'acquire' | 'confirm' | 'release';
  readonly fence: number | undefined;
  readonly from: number;
  readonly to: number | undefined;
  readonly outcome: unknown;
}

interface Outcome {
  readonly kind: string;
  readonly grant?: { readonly fence: number; readonly state: string };
}

/**
 * The lock as one thing that does one call at a time. `owed` are fences that were given without anybody having been told: the answer
 * got lost, or the lock offered a slot to a waiter by itself; each takes a slot until its host hears of it.
 */
interface Sequential {
  readonly fence: number;
  readonly held: ReadonlyMap<string, { readonly fence: number; readonly confirmed: boolean }>;
  readonly owed: readonly number[];
  readonly queued: ReadonlySet<string>;
}

const change = (
  state: Sequential,
  host: string,
  grant: { readonly fence: number; readonly confirmed: boolean } | undefined,
): Sequential => {
  const held = new Map(state.held);
  if (grant === undefined) held.delete(host);
  else held.set(host, grant);
  return { ...state, held };
};

const acquired = (state: Sequential, host: string, slots: number, told: { fence: number; state: string }): Sequential[] => {
  const own = state.held.get(host);
  if (own !== undefined) return own.fence === told.fence && own.confirmed === (told.state !== 'offered') ? [state] : [];
  const isOwed = state.owed.includes(told.fence);
  if (!isOwed && told.fence <= state.fence) return [];
  const skipped = Array.from({ length: Math.max(0, told.fence - state.fence - 1) }, (_, at) => state.fence + 1 + at);
  const owed = [...state.owed, ...skipped].filter((fence) => fence !== told.fence);
  if (state.held.size + owed.length + 1 > slots) return [];
  const queued = new Set([...state.queued].filter((one) => one !== host));
  const next = { ...state, fence: Math.max(state.fence, told.fence), owed, queued };
  return [change(next, host, { fence: told.fence, confirmed: told.state !== 'offered' })];
};

/** The states that the lock may be in after this call; none when the answer was wrong. */
const apply = (state: Sequential, call: RecordedCall, slots: number, unheard: boolean): Sequential[] => {
  const own = state.held.get(call.host);
  const mine = own !== undefined && own.fence === call.fence;
  const outcome = call.outcome as Outcome | undefined;
  if (call.op === 'acquire') {
    if (outcome?.kind === 'granted' && outcome.grant !== undefined) return acquired(state, call.host, slots, outcome.grant);
    // Told to wait: every slot is taken, or is kept for whoever came before; also for one whose answer nobody heard.
    const full = state.held.size + state.owed.length >= slots;
    const queued = new Set([...state.queued, call.host]);
    return own === undefined && (full || state.queued.size > 0 || unheard) ? [{ ...state, queued }] : [];
  }
  if (call.op === 'confirm') {
    const done = mine && own !== undefined ? change(state, call.host, { ...own, confirmed: true }) : undefined;
    if (outcome === undefined) return done === undefined ? [] : [done];
    if (outcome.kind === 'held') return done === undefined ? [] : [done];
    return mine ? [] : [state];
  }
  const freed = mine ? change(state, call.host, undefined) : undefined;
  if (outcome === undefined || outcome.kind === 'released') return freed === undefined ? [] : [freed];
  // Not held: nothing was to be done, or the reply to the write that did it was lost and the state was asked instead.
  return [freed ?? state];
};

const keyOf = (state: Sequential, done: readonly boolean[]): string =>
  JSON.stringify([state.fence, [...state.held].sort(), state.owed, [...state.queued].sort(), done.map(Number).join('')]);

/**
 * Wing and Gong's search with Lowe's memory of what was tried: is there an order of the calls, each between its beginning and its
 * end, in which the sequential lock gives the very answers? For one lock, without lapsing.
 */
export const isLinearizable = (recorded: readonly RecordedCall[], slots: number): boolean => {
  // Asking without an answer only makes a fence owed, which any later answer shows.
  const calls = recorded.filter(({ op, outcome }) => op !== 'acquire' || outcome !== undefined);
  const unheardFrom = Math.min(
    ...recorded.filter((call) => call.op === 'acquire' && call.outcome === undefined).map(({ from }) => from),
  );
  const tried = new Set<string>();
  const search = (state: Sequential, done: readonly boolean[]): boolean => {
    const open = calls.flatMap((call, at) => (done[at] === true ? [] : [{ call, at }]));
    if (open.every(({ call }) => call.outcome === undefined)) return true;
    const key = keyOf(state, done);
    if (tried.has(key)) return false;
    tried.add(key);
    const firstEnd = Math.min(...open.map(({ call }) => call.to ?? Number.POSITIVE_INFINITY));
    return open
      .filter(({ call }) => call.from < firstEnd)
      .some(({ call, at }) =>
        apply(state, call, slots, unheardFrom <= (call.to ?? 0)).some((next) => search(next, done.with(at, true))),
      );
  };
  return search(
    { fence: 0, held: new Map(), owed: [], queued: new Set() },
    calls.map(() => false),
  );
};
