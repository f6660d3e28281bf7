/**
 * What a network lets its hosts do with locks: which locks there are and with which rules, which may be made by asking for them,
 * who is who, and which clients are believed without proof. It comes from the network file and is stored with the inventory.
 */
import type { ClientKind, HostName, LockConfig, LockName } from './lock-state.ts';

export interface DeclaredLock {
  readonly name: LockName;
  readonly config: LockConfig;
}

/** A bearer of this token is this host; with `claims`, any host that the pattern fits, by its own word. */
export interface HostToken {
  /** SHA-256 of the token, lower-case hexadecimal. */
  readonly sha256: string;
  readonly host: HostName | undefined;
  /** A name in which each `*` stands for any characters. */
  readonly claims: string | undefined;
  /** Patterns of the locks that it may use; empty is every lock. */
  readonly locks: readonly string[];
}

export interface OperatorToken {
  readonly name: string;
  readonly sha256: string;
}

export interface LockRules {
  /** For locks that are made on first use. */
  readonly defaults: LockConfig;
  readonly locks: readonly DeclaredLock[];
  /** Patterns of names that are made on first use. */
  readonly createOnFirstUse: readonly string[];
  readonly tokens: readonly HostToken[];
  /** Protocols whose clients are who they say they are. */
  readonly plain: readonly ClientKind[];
  /** Netblocks from which such clients are believed; empty is from everywhere. */
  readonly plainFrom: readonly string[];
  readonly operators: readonly OperatorToken[];
  /** FleetLock's groups whose lock is not `fl:GROUP`. */
  readonly groups: readonly { readonly group: string; readonly lock: LockName }[];
}
