/**
 * The state of one lock: who holds which slot with which fence, and the rules it was given. One lock is one item of one table, so
 * that every transition is one conditional write and needs no transaction. A grant is offered first and lapses when nobody
 * confirms it; only a confirmed grant holds, so a host that never learnt of its grant leaves nothing behind. The fence is the
 * number of the grant; it only grows, for ever, also over deletion and re-creation of the lock, so that a late message of an
 * earlier grant can be told from the present one.
 */

/** Milliseconds since 1970-01-01 UTC; the inventory's word, said again since the inventory holds the rules of locks. */
export type EpochMs = number;

/** 1 to 100 characters without slashes, control characters and spaces at the ends. */
export type LockName = string;
/** The holder's identity: a host's name, a node's identifier. 1 to 253 letters, digits and `.`, `_`, `-`, `:`, `@`. */
export type HostName = string;
/** Number of a grant; grows with each grant of a lock and is never given twice. */
export type Fence = number;

/** Offered: not held before it is confirmed. Failed: held by a host whose update failed; the slot stays taken. */
export type HoldState = 'offered' | 'held' | 'failed';

export const CLIENT_KINDS = ['native', 'fleetlock', 'foreman', 'dlmengine'] as const;
/** The protocol that a client speaks. All but `native` know neither confirmation nor fences. */
export type ClientKind = (typeof CLIENT_KINDS)[number];

/** One taken slot. */
export interface Grant {
  readonly host: HostName;
  readonly fence: Fence;
  readonly state: HoldState;
  /** Offered since, then held since. For clients without confirmation: when their request arrived. */
  readonly grantedMs: EpochMs;
  /**
   * When the last request arrived that told a client without fences that it holds already; undefined before the first. Kept beside
   * `grantedMs`, so that a host that asks again and again still looks as old as its grant is.
   */
  readonly askedMs: EpochMs | undefined;
  /** An offer that nobody confirms, and a lease that nobody renews, may be given to others from then on (plus the guard). */
  readonly deadlineMs: EpochMs | undefined;
  /** How far each renewal moves the deadline; undefined is held until released. As the policy was when the slot was granted. */
  readonly leaseMs: number | undefined;
  /** Of the request that it was granted to. */
  readonly requestId: string;
  readonly client: ClientKind;
  /** The holder's name byte for byte as the client wrote it, when it differs from `host`. */
  readonly claimed: string | undefined;
  /** An operator has seen this failure and resumed the lock: it counts against the budget no more. */
  readonly acknowledged: boolean;
}

/** `hold`: until released, over reboots and crashes. `lease`: until released or not renewed in time. */
export type HoldMode = 'hold' | 'lease';
export type QueueMode = 'fifo' | 'none';

export interface LockPolicy {
  readonly mode: HoldMode;
  /** Of a lease; unused for `hold`. */
  readonly leaseMs: number;
  /** How long an offer waits for its confirmation. */
  readonly offerMs: number;
  readonly queue: QueueMode;
  /** Held for longer than this is reported; nothing is taken away. */
  readonly staleMs: number;
}

/** What people decide about a lock. */
export interface LockConfig {
  readonly enabled: boolean;
  /** 1 to 100 holders at a time. */
  readonly slots: number;
  /** At this many failed updates nothing more is granted until an operator resumes. */
  readonly failureBudget: number;
  readonly policy: LockPolicy;
  readonly group: string | undefined;
  readonly owner: string | undefined;
  readonly comment: string | undefined;
}

/** The names of transitions; each is one conditional write. The table in transitions.ts says what each requires and changes. */
export const TRANSITIONS = [
  'ensure',
  'grant',
  'evict-and-grant',
  'evict',
  'extend-offer',
  'confirm',
  'restamp',
  'renew',
  'release',
  'hand-off',
  'fail',
  'force-release',
  'resume',
  'configure',
  'remove',
] as const;
export type TransitionName = (typeof TRANSITIONS)[number];

/** Who did the last write, and why; the audit is made of these. */
export interface LastWrite {
  readonly transition: TransitionName;
  /** The authenticated host, `operator:NAME`, or `policy` when the network's file changed. */
  readonly by: string;
  readonly atMs: EpochMs;
  /** The grant that it was about; undefined for the lock as a whole. */
  readonly host: HostName | undefined;
  readonly fence: Fence | undefined;
  readonly requestId: string | undefined;
  readonly reason: string | undefined;
  /** The other grant of a write that changes two: whom a hand-off offers to, whose lapsed grant an eviction ends. */
  readonly other: { readonly host: HostName; readonly fence: Fence } | undefined;
}

export interface LockState extends LockConfig {
  readonly name: LockName;
  /** For protocols whose locks have numbers. */
  readonly id: number;
  /** Grows by one with each write. */
  readonly version: number;
  /** The last fence that was given; 0 before the first. */
  readonly fence: Fence;
  /** Failed updates since the last resume. */
  readonly failures: number;
  /** In the order of their fences. */
  readonly grants: readonly Grant[];
  /** Moving average of how long a slot is held; undefined before the first release. */
  readonly typicalHoldMs: number | undefined;
  /** Fingerprint of the network file's entry that was last applied; undefined when none ever was. */
  readonly declared: string | undefined;
  /** Removed by an operator: to everybody a lock that is not there; its fence is kept. */
  readonly removed: boolean;
  readonly createdMs: EpochMs;
  readonly last: LastWrite | undefined;
}

/** A place in the queue of a lock. */
export interface Waiter {
  readonly host: HostName;
  /** Grows; the lowest has waited longest. */
  readonly ticket: number;
  readonly lastSeenMs: EpochMs;
  /** When it was told to ask again, or is known to: milliseconds after `lastSeenMs`. */
  readonly intervalMs: number;
  readonly client: ClientKind;
}

export const grantOf = (state: LockState, host: HostName): Grant | undefined => state.grants.find((grant) => grant.host === host);

/** Releases without a fence that arrived before this are leftovers: their client has asked for the lock again since. */
export const countsFromMs = (grant: Grant): EpochMs => Math.max(grant.grantedMs, grant.askedMs ?? grant.grantedMs);

/** The failure budget is used up: what is held stays held, nothing new is granted. */
export const isHalted = (state: Pick<LockState, 'failures' | 'failureBudget'>): boolean => state.failures >= state.failureBudget;
