import * as v from 'valibot';
import type { DrainEvent } from '#domain/drain/drain-change.ts';
import { type PairKey, STORED_STATES, SYNC_MODES, type SyncPair } from '#domain/drain/drain-state.ts';
import { TRANSITION_NAMES } from '#domain/drain/transitions.ts';
import { WireError } from '#domain/errors.ts';
import { count, epochMs } from '../fields.ts';

/** Attributes beside the key, as plain values. */
export type PlainItem = Readonly<Record<string, unknown>>;

/** Conditions name these two attributes. */
export const VERSION_ATTRIBUTE = 'v';
export const STATE_ATTRIBUTE = 's';

const optionalMs = v.optional(epochMs);

const pairItem = v.object({
  v: count,
  s: v.picklist(STORED_STATES),
  since: epochMs,
  f: count,
  mode: v.picklist(SYNC_MODES),
  key: v.string(),
  began: epochMs,
  expected: v.optional(count),
  ticket: optionalMs,
  seen: epochMs,
  lease: optionalMs,
  cap: optionalMs,
  groups: v.optional(v.string()),
  ended: optionalMs,
  published: optionalMs,
  kept: count,
  /** Only of hosts that were never in service. */
  fresh: v.optional(v.literal(true)),
  facts: v.optional(v.string()),
  generation: v.optional(count),
  hold: v.optional(v.object({ by: v.string(), reason: v.string(), at: epochMs })),
  reason: v.optional(v.string()),
  w: v.string(),
});

const eventItem = v.object({
  v: count,
  f: count,
  op: v.picklist(TRANSITION_NAMES),
  from: v.picklist([...STORED_STATES, 'none']),
  to: v.picklist(STORED_STATES),
  by: v.string(),
  at: epochMs,
  why: v.optional(v.string()),
});

const parsed = <T>(what: string, schema: v.GenericSchema<unknown, T>, item: unknown): T => {
  const result = v.safeParse(schema, item);
  if (!result.success) throw new WireError(`not ${what}: ${result.issues[0].message}`);
  return result.output;
};

const withoutUndefined = (fields: PlainItem): PlainItem =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** Groups are joined by blanks, which no group's key has. */
export const printPairItem = (pair: SyncPair): PlainItem =>
  withoutUndefined({
    [VERSION_ATTRIBUTE]: pair.version,
    [STATE_ATTRIBUTE]: pair.state,
    since: pair.sinceMs,
    f: pair.fence,
    mode: pair.mode,
    key: pair.idempotencyKey,
    began: pair.beganMs,
    expected: pair.expectedMs,
    ticket: pair.ticketMs,
    seen: pair.seenMs,
    lease: pair.leaseUntilMs,
    cap: pair.capMs,
    groups: pair.groups.length === 0 ? undefined : pair.groups.join(' '),
    ended: pair.endedMs,
    published: pair.publishedMs,
    kept: pair.retractions,
    fresh: pair.served ? undefined : true,
    facts: pair.baseline?.facts,
    generation: pair.baseline?.generation,
    hold: pair.hold === undefined ? undefined : { by: pair.hold.by, reason: pair.hold.reason, at: pair.hold.atMs },
    reason: pair.reason,
    w: pair.writeId,
  });

/** Throws WireError on anything that is no pair. */
export const parsePairItem = ({ host, category }: PairKey, attributes: PlainItem): SyncPair => {
  const item = parsed('a pair', pairItem, attributes);
  const { facts, generation, hold } = item;
  return {
    host,
    category,
    version: item.v,
    state: item.s,
    sinceMs: item.since,
    fence: item.f,
    mode: item.mode,
    idempotencyKey: item.key,
    beganMs: item.began,
    expectedMs: item.expected,
    ticketMs: item.ticket,
    seenMs: item.seen,
    leaseUntilMs: item.lease,
    capMs: item.cap,
    groups: item.groups === undefined ? [] : item.groups.split(' '),
    endedMs: item.ended,
    publishedMs: item.published,
    retractions: item.kept,
    served: item.fresh === undefined,
    baseline: facts === undefined || generation === undefined ? undefined : { facts, generation },
    hold: hold === undefined ? undefined : { by: hold.by, reason: hold.reason, atMs: hold.at },
    reason: item.reason,
    writeId: item.w,
  };
};

export const printDrainEvent = (event: DrainEvent): PlainItem =>
  withoutUndefined({
    v: event.version,
    f: event.fence,
    op: event.transition,
    from: event.from,
    to: event.to,
    by: event.by,
    at: event.atMs,
    why: event.reason,
  });

export const parseDrainEvent = ({ host, category }: PairKey, attributes: PlainItem): DrainEvent => {
  const item = parsed('an entry of the history of a pair', eventItem, attributes);
  const { v: version, f: fence, op: transition, from, to, by, at: atMs, why: reason } = item;
  return { host, category, version, fence, transition, from, to, by, atMs, reason };
};
