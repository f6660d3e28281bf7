import { fitsPattern } from '#domain/lock/first-use.ts';
import type { LockRules } from '#domain/lock/lock-rules.ts';
import type { ClientKind, HostName, LockName } from '#domain/lock/lock-state.ts';
import type { HttpCall } from '#wire/api/http-call.ts';
import { isHostName } from '#wire/lock/names.ts';
import { decideHost, identify } from '../identity.ts';

/** Who asks, as far as a credential proves it. */
export type Caller =
  /** No credential, or one that is nobody's. */
  | { readonly kind: 'nobody' }
  | { readonly kind: 'operator'; readonly name: string }
  /** Certificate or token of one host. `locks` are the patterns of the locks that it may use; none is all. */
  | { readonly kind: 'host'; readonly host: HostName; readonly locks: readonly string[] }
  /** Believed to be who it says, within `claims`: a credential that many hosts share, or none where the network asks for none. */
  | {
      readonly kind: 'claimant';
      readonly shared: boolean;
      readonly claims: string;
      readonly locks: readonly string[];
      /** Where the request came from: all there is to tell apart requests that name nobody. */
      readonly address: string;
    };

/** DLMEngine's clients always send a secret. Where none is needed, one that nobody knows does no harm. */
const isPlain = (rules: LockRules, call: HttpCall, protocol: ClientKind): boolean => {
  const asks = { protocol, claimed: 'anybody', lock: undefined };
  return decideHost(rules, { kind: 'nobody' }, call, asks).kind === 'host';
};

export const callerOf = (rules: LockRules, call: HttpCall, protocol: ClientKind): Caller => {
  const identity = identify(rules, call);
  if (identity.kind === 'host' || identity.kind === 'operator') return identity;
  if (identity.kind === 'claims') return { ...identity, kind: 'claimant', shared: true, address: call.sourceIp };
  return isPlain(rules, call, protocol)
    ? { kind: 'claimant', shared: false, claims: '*', locks: [], address: call.sourceIp }
    : { kind: 'nobody' };
};

/** Whether the credential is good for that lock. Operators use locks as no host does. */
export const mayUse = (caller: Caller, lock: LockName): boolean => {
  if (caller.kind === 'nobody' || caller.kind === 'operator') return false;
  return caller.locks.length === 0 || caller.locks.some((pattern) => fitsPattern(pattern, lock));
};

/** Whether the caller may go by that name: its own, or one within its credential's claims. Host names know no case. */
export const mayBe = (caller: Caller, name: string): boolean => {
  if (caller.kind === 'host') return caller.host.toLowerCase() === name.toLowerCase();
  return caller.kind === 'claimant' && fitsPattern(caller.claims, name);
};

/**
 * The holder of whoever asks without a name. A credential of one host needs none. Hosts behind one credential, or without any,
 * are told apart by their addresses.
 */
export const unnamedHost = (caller: Caller): HostName | undefined => {
  if (caller.kind === 'host') return caller.host;
  if (caller.kind !== 'claimant') return undefined;
  // A name starts with a letter or a digit: ::1 is 0::1.
  const name = caller.address.replace(/^::/, '0::');
  return isHostName(name) ? name : undefined;
};
