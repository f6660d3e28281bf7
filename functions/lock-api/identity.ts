import { createHash, timingSafeEqual } from 'node:crypto';
import { fitsPattern } from '#domain/lock/first-use.ts';
import type { HostToken, LockRules } from '#domain/lock/lock-rules.ts';
import type { ClientKind, HostName, LockName } from '#domain/lock/lock-state.ts';
import { containsNetblock, parseNetblock } from '#domain/selection/netblock.ts';
import type { HttpCall } from '#wire/api/http-call.ts';
import { commonNameOf } from '#wire/lock/common-name.ts';
import { isHostName } from '#wire/lock/names.ts';

/** Who a request is from, by what it proves. */
export type Identity =
  | { readonly kind: 'host'; readonly host: HostName; readonly locks: readonly string[] }
  /** Any host that the pattern fits, by its own word: for credentials that many hosts share. */
  | { readonly kind: 'claims'; readonly claims: string; readonly locks: readonly string[] }
  | { readonly kind: 'operator'; readonly name: string }
  | { readonly kind: 'nobody' }
  /** A credential that the network does not know. */
  | { readonly kind: 'unknown_credential' };

/** Longer ones are nobody's. */
const MAX_TOKEN = 1_000;

const digestOf = (token: string): Buffer => createHash('sha256').update(token, 'utf8').digest();

/** Looks at every entry, and at every byte of each, so that the time tells nothing of how near a guess was. */
const findByToken = <Entry extends { readonly sha256: string }>(entries: readonly Entry[], token: string): Entry | undefined => {
  const digest = digestOf(token);
  let found: Entry | undefined;
  for (const entry of entries) {
    const known = Buffer.from(entry.sha256, 'hex');
    if (known.length === digest.length && timingSafeEqual(known, digest)) found ??= entry;
  }
  return found;
};

const ofToken = ({ host, claims, locks }: HostToken): Identity => {
  if (host !== undefined) return { kind: 'host', host, locks };
  return claims === undefined ? { kind: 'unknown_credential' } : { kind: 'claims', claims, locks };
};

const basicPassword = (encoded: string): string => {
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  return text.slice(text.indexOf(':') + 1);
};

/**
 * The secret that a request carries: `Authorization: Bearer`, the password of `Authorization: Basic` (clients that know only a base
 * URL put it there: https://any:TOKEN@…), or DLMEngine's `x-secret`.
 */
const secretOf = ({ headers }: Pick<HttpCall, 'headers'>): string | undefined => {
  const [, scheme = '', value = ''] = /^(Bearer|Basic)\s+(\S+)$/i.exec(headers['authorization'] ?? '') ?? [];
  if (value !== '') return scheme.toLowerCase() === 'basic' ? basicPassword(value) : value;
  return headers['authorization'] === undefined ? headers['x-secret'] : '';
};

const byCertificate = (subject: string): Identity => {
  const name = commonNameOf(subject);
  return isHostName(name) ? { kind: 'host', host: name, locks: [] } : { kind: 'unknown_credential' };
};

export const identify = (rules: LockRules, call: Pick<HttpCall, 'headers' | 'certificateSubject'>): Identity => {
  const secret = secretOf(call);
  if (secret !== undefined) {
    if (secret === '' || secret.length > MAX_TOKEN) return { kind: 'unknown_credential' };
    const operator = findByToken(rules.operators, secret);
    const token = findByToken(rules.tokens, secret);
    if (operator !== undefined) return { kind: 'operator', name: operator.name };
    return token === undefined ? { kind: 'unknown_credential' } : ofToken(token);
  }
  return call.certificateSubject === undefined ? { kind: 'nobody' } : byCertificate(call.certificateSubject);
};

export type HostDecision =
  | { readonly kind: 'host'; readonly host: HostName }
  /** 401: nothing proves who this is. */
  | { readonly kind: 'unauthenticated' }
  /** 403: it is known who this is, and it may not. */
  | { readonly kind: 'forbidden' };

const isPlain = (rules: LockRules, call: Pick<HttpCall, 'sourceIp'>, protocol: ClientKind): boolean => {
  if (!rules.plain.includes(protocol)) return false;
  if (rules.plainFrom.length === 0) return true;
  return rules.plainFrom.some((text) => {
    const block = parseNetblock(text);
    const address = parseNetblock(call.sourceIp);
    return block !== undefined && address !== undefined && containsNetblock(block, address);
  });
};

/**
 * The host that acts on a lock. `claimed` is what the client says it is, where its protocol makes it say so: a proven identity must
 * agree with it, a shared credential's pattern must fit it, and without any credential it is believed only where the network
 * allows that for the protocol.
 */
export const decideHost = (
  rules: LockRules,
  identity: Identity,
  call: Pick<HttpCall, 'sourceIp'>,
  asks: { readonly protocol: ClientKind; readonly claimed: string | undefined; readonly lock: LockName | undefined },
): HostDecision => {
  const { claimed, lock, protocol } = asks;
  const mayUse = (patterns: readonly string[]): boolean =>
    lock === undefined || patterns.length === 0 || patterns.some((pattern) => fitsPattern(pattern, lock));
  switch (identity.kind) {
    case 'host': {
      const agrees = claimed === undefined || claimed.toLowerCase() === identity.host.toLowerCase();
      return agrees && mayUse(identity.locks) ? { kind: 'host', host: identity.host } : { kind: 'forbidden' };
    }
    case 'claims':
      return isHostName(claimed) && fitsPattern(identity.claims, claimed) && mayUse(identity.locks)
        ? { kind: 'host', host: claimed }
        : { kind: 'forbidden' };
    case 'operator':
      return { kind: 'forbidden' };
    case 'nobody':
      return isHostName(claimed) && isPlain(rules, call, protocol)
        ? { kind: 'host', host: claimed }
        : { kind: 'unauthenticated' };
    case 'unknown_credential':
      return { kind: 'unauthenticated' };
  }
};
