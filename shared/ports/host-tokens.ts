import type { EpochMs, HostId } from '#domain/inventory/inventory.ts';

/** Name of one token of a host; not secret. */
export type TokenId = string;

/** What is known of a token; never the token itself. */
export interface HostToken {
  readonly id: TokenId;
  readonly host: HostId;
  /** Free words of whoever issued it, to tell tokens apart. */
  readonly label: string;
  readonly createdMs: EpochMs;
  /** User who issued it. */
  readonly createdBy: string;
  /** From this moment on it is worth nothing; undefined: it never expires. */
  readonly expiresMs: EpochMs | undefined;
  readonly revokedMs: EpochMs | undefined;
  /** To the minute; undefined until the first use. */
  readonly lastUsedMs: EpochMs | undefined;
}

export interface TokenWish {
  readonly host: HostId;
  /** User who asks for it. */
  readonly by: string;
  readonly label: string;
  readonly expiresMs?: EpochMs | undefined;
}

export type TokenIssue =
  /** The only time that the token is seen: `mth~<host>~<id>~<secret>`. */
  | { readonly kind: 'issued'; readonly id: TokenId; readonly token: string }
  /** The host has `limit` tokens that are neither revoked nor expired. */
  | { readonly kind: 'too-many'; readonly limit: number };

export interface VerifiedToken {
  readonly host: HostId;
  readonly tokenId: TokenId;
}

/** What hosts show to say who they are. A host may have several, so that one can be replaced without a pause. */
export interface HostTokens {
  issue(wish: TokenWish, nowMs: EpochMs): Promise<TokenIssue>;
  /** Undefined for whatever is not a token that is good now; why is not told. Strongly consistent: a revoked token is refused at once. */
  verify(token: string, nowMs: EpochMs): Promise<VerifiedToken | undefined>;
  /** Newest first, revoked and expired ones included. */
  list(host: HostId): Promise<readonly HostToken[]>;
  /** `revoked` also when it was revoked before. */
  revoke(host: HostId, id: TokenId, nowMs: EpochMs): Promise<'revoked' | 'unknown'>;
}
