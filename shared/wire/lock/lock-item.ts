import * as v from 'valibot';
import { WireError } from '#domain/errors.ts';
import {
  CLIENT_KINDS,
  type Grant,
  type HoldState,
  type LastWrite,
  type LockPolicy,
  type LockState,
  TRANSITIONS,
  type Waiter,
} from '#domain/lock/lock-state.ts';
import type { Cause, LockWrite } from '#domain/lock/lock-write.ts';
import type { HostLock, LockEvent } from '#domain/lock/outcomes.ts';

/** Attributes as plain values. Their names are short because every write pays for the size of the whole item. */
export type PlainItem = Readonly<Record<string, unknown>>;

const LETTER_OF = { offered: 'O', held: 'H', failed: 'F' } as const;
const STATE_OF = { O: 'offered', H: 'held', F: 'failed' } as const;
export const letterOf = (state: HoldState): string => LETTER_OF[state];

const grantItem = v.object({
  f: v.number(),
  s: v.picklist(['O', 'H', 'F']),
  t: v.number(),
  q: v.optional(v.number()),
  x: v.optional(v.number()),
  l: v.optional(v.number()),
  r: v.string(),
  w: v.picklist(CLIENT_KINDS),
  c: v.optional(v.string()),
  a: v.optional(v.boolean()),
});

const lastWriteItem = v.object({
  op: v.picklist(TRANSITIONS),
  by: v.string(),
  at: v.number(),
  h: v.optional(v.string()),
  f: v.optional(v.number()),
  rid: v.optional(v.string()),
  why: v.optional(v.string()),
  oh: v.optional(v.string()),
  of: v.optional(v.number()),
});

/** By host. Not `v.record`, which leaves out keys called `constructor` and `prototype`: a host may be called so, and would hold unseen. */
const holders = v.pipe(
  v.custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value)),
  v.transform((value) => Object.entries(value)),
  v.array(v.tuple([v.string(), grantItem])),
);

const lockItem = v.object({
  name: v.string(),
  id: v.number(),
  v: v.number(),
  f: v.number(),
  en: v.boolean(),
  n: v.number(),
  fc: v.number(),
  fb: v.number(),
  h: holders,
  p: v.object({
    m: v.picklist(['hold', 'lease']),
    l: v.number(),
    o: v.number(),
    q: v.picklist(['fifo', 'none']),
    a: v.number(),
  }),
  e: v.optional(v.number()),
  t: v.number(),
  g: v.optional(v.string()),
  o: v.optional(v.string()),
  c: v.optional(v.string()),
  pd: v.optional(v.string()),
  del: v.optional(v.boolean()),
  lw: v.optional(lastWriteItem),
});

const waiterItem = v.object({ sk: v.string(), k: v.number(), ls: v.number(), iv: v.number(), w: v.picklist(CLIENT_KINDS) });
const eventItem = v.object({ pk: v.string(), v: v.number(), lw: lastWriteItem });
const hostItem = v.object({ sk: v.string(), f: v.number(), s: v.picklist(['O', 'H', 'F']), t: v.number() });

const parsed = <T>(what: string, schema: v.GenericSchema<unknown, T>, item: unknown): T => {
  const result = v.safeParse(schema, item);
  if (!result.success) throw new WireError(`not ${what}: ${result.issues[0].message}`);
  return result.output;
};

const toGrant = (host: string, item: v.InferOutput<typeof grantItem>): Grant => ({
  host,
  fence: item.f,
  state: STATE_OF[item.s],
  grantedMs: item.t,
  askedMs: item.q,
  deadlineMs: item.x,
  leaseMs: item.l,
  requestId: item.r,
  client: item.w,
  claimed: item.c,
  acknowledged: item.a ?? false,
});

const toLastWrite = (item: v.InferOutput<typeof lastWriteItem>): LastWrite => ({
  transition: item.op,
  by: item.by,
  atMs: item.at,
  host: item.h,
  fence: item.f,
  requestId: item.rid,
  reason: item.why,
  other: item.oh === undefined || item.of === undefined ? undefined : { host: item.oh, fence: item.of },
});

/** Throws WireError on anything that is not the state of a lock. */
export const parseLockItem = (item: PlainItem): LockState => {
  const lock = parsed('the state of a lock', lockItem, item);
  const grants = lock.h.map(([host, grant]) => toGrant(host, grant));
  return {
    name: lock.name,
    id: lock.id,
    version: lock.v,
    fence: lock.f,
    enabled: lock.en,
    slots: lock.n,
    failures: lock.fc,
    failureBudget: lock.fb,
    policy: { mode: lock.p.m, leaseMs: lock.p.l, offerMs: lock.p.o, queue: lock.p.q, staleMs: lock.p.a },
    grants: grants.toSorted((left, right) => left.fence - right.fence),
    typicalHoldMs: lock.e,
    group: lock.g,
    owner: lock.o,
    comment: lock.c,
    declared: lock.pd,
    removed: lock.del ?? false,
    createdMs: lock.t,
    last: lock.lw === undefined ? undefined : toLastWrite(lock.lw),
  };
};

const withoutUndefined = (fields: Readonly<Record<string, unknown>>): PlainItem =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

export const printGrant = (grant: Grant): PlainItem =>
  withoutUndefined({
    f: grant.fence,
    s: LETTER_OF[grant.state],
    t: grant.grantedMs,
    q: grant.askedMs,
    x: grant.deadlineMs,
    l: grant.leaseMs,
    r: grant.requestId,
    w: grant.client,
    c: grant.claimed,
    a: grant.acknowledged || undefined,
  });

export const printPolicy = (policy: LockPolicy): PlainItem => ({
  m: policy.mode,
  l: policy.leaseMs,
  o: policy.offerMs,
  q: policy.queue,
  a: policy.staleMs,
});

interface About {
  readonly host?: string;
  readonly fence?: number;
  readonly other?: { readonly host: string; readonly fence: number };
}

const aboutOf = (write: LockWrite): About => {
  switch (write.kind) {
    case 'grant':
      return { host: write.grant.host, fence: write.grant.fence };
    case 'evict-and-grant':
      return { host: write.grant.host, fence: write.grant.fence, other: write.lapsed };
    case 'hand-off':
      return { host: write.host, fence: write.fence, other: { host: write.next.host, fence: write.next.fence } };
    case 'ensure':
    case 'resume':
    case 'configure':
    case 'remove':
      return {};
    default:
      return { host: write.host, fence: write.fence };
  }
};

/** What the item remembers of the write that made its version. */
export const printLastWrite = (write: LockWrite): PlainItem => {
  const { by, atMs, requestId, reason }: Cause = write.cause;
  const { host, fence, other } = aboutOf(write);
  return withoutUndefined({
    op: write.kind,
    by,
    at: atMs,
    h: host,
    f: fence,
    rid: requestId,
    why: reason,
    oh: other?.host,
    of: other?.fence,
  });
};

export const parseWaiter = (item: PlainItem): Waiter => {
  const waiter = parsed('a waiter', waiterItem, item);
  return {
    host: waiter.sk.slice('W#'.length),
    ticket: waiter.k,
    lastSeenMs: waiter.ls,
    intervalMs: waiter.iv,
    client: waiter.w,
  };
};

/** Attributes of an event beside its key. */
export const printEvent = (event: LockEvent): PlainItem => ({
  v: event.version,
  lw: withoutUndefined({
    op: event.transition,
    by: event.by,
    at: event.atMs,
    h: event.host,
    f: event.fence,
    rid: event.requestId,
    why: event.reason,
    oh: event.other?.host,
    of: event.other?.fence,
  }),
});

export const parseEvent = (item: PlainItem): LockEvent => {
  const event = parsed('an event of a lock', eventItem, item);
  return { lock: event.pk.slice('E#'.length), version: event.v, ...toLastWrite(event.lw) };
};

/** Attributes, beside its key, of what a host holds. */
export const printHostLock = (held: HostLock): PlainItem => ({
  f: held.fence,
  s: LETTER_OF[held.state],
  t: held.grantedMs,
});

export const parseHostLock = (item: PlainItem): HostLock => {
  const held = parsed('what a host holds', hostItem, item);
  return { lock: held.sk.slice('L#'.length), fence: held.f, state: STATE_OF[held.s], grantedMs: held.t };
};
