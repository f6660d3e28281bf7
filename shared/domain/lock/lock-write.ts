/**
 * The conditional writes that change a lock, as data: what to try, with everything the condition compares. Each names what its
 * author saw (the last fence for a grant, the grant's own fence for everything about a grant, the version for what people change),
 * so a write that comes late, twice or out of order finds its condition false and changes nothing. The store turns each into one
 * conditional expression; what each requires and changes is tabled in transitions.ts.
 */
import type { EpochMs, Fence, Grant, HoldState, HostName, LockConfig } from './lock-state.ts';

/** Whoever causes a write: the authenticated host, `operator:NAME` or `policy`. */
export interface Cause {
  readonly by: string;
  readonly atMs: EpochMs;
  readonly requestId: string | undefined;
  readonly reason: string | undefined;
}

export type LockWrite = Readonly<{ cause: Cause }> &
  (
    | { readonly kind: 'ensure'; readonly config: LockConfig; readonly declared: string | undefined; readonly id: number }
    | { readonly kind: 'grant'; readonly grant: Grant }
    | {
        readonly kind: 'evict-and-grant';
        readonly grant: Grant;
        readonly lapsed: { readonly host: HostName; readonly fence: Fence };
        /** Only a deadline before this has lapsed: the present less the guard. */
        readonly lapsedBeforeMs: EpochMs;
      }
    | {
        readonly kind: 'evict';
        readonly host: HostName;
        readonly fence: Fence;
        readonly lapsedBeforeMs: EpochMs;
      }
    | { readonly kind: 'extend-offer'; readonly host: HostName; readonly fence: Fence; readonly deadlineMs: EpochMs }
    | {
        readonly kind: 'confirm';
        readonly host: HostName;
        readonly fence: Fence;
        readonly heldSinceMs: EpochMs;
        /** The holder's name as its client writes it; undefined leaves what the grant has. */
        readonly claimed: string | undefined;
        /** As it stands in the grant; a confirmation with another one is refused. */
        readonly leaseMs: number | undefined;
      }
    | { readonly kind: 'restamp'; readonly host: HostName; readonly fence: Fence; readonly arrivedMs: EpochMs }
    | { readonly kind: 'renew'; readonly host: HostName; readonly fence: Fence; readonly deadlineMs: EpochMs }
    | {
        readonly kind: 'release';
        readonly host: HostName;
        readonly fence: Fence;
        /** For clients without fences: a release that arrived before the grant is not about it. */
        readonly arrivedMs: EpochMs | undefined;
        readonly typicalHoldMs: number | undefined;
      }
    | {
        readonly kind: 'hand-off';
        readonly host: HostName;
        readonly fence: Fence;
        readonly arrivedMs: EpochMs | undefined;
        readonly typicalHoldMs: number | undefined;
        readonly next: Grant;
      }
    | { readonly kind: 'fail'; readonly host: HostName; readonly fence: Fence }
    | {
        readonly kind: 'force-release';
        readonly host: HostName;
        readonly fence: Fence;
        readonly seen: HoldState;
        /** A failure that still counts; its removal gives the budget back. */
        readonly counted: boolean;
      }
    | { readonly kind: 'resume'; readonly version: number; readonly acknowledged: readonly HostName[] }
    | { readonly kind: 'configure'; readonly version: number; readonly config: LockConfig; readonly declared: string | undefined }
    | { readonly kind: 'remove'; readonly version: number }
  );

export type WriteKind = LockWrite['kind'];
export type WriteOf<Kind extends WriteKind> = Extract<LockWrite, { readonly kind: Kind }>;
