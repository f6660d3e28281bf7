import * as v from 'valibot';
import type { HostId } from '#domain/inventory/inventory.ts';
import type { HostToken, TokenId } from '#ports/host-tokens.ts';
import { ENTITY_ID, epochMs, hex64, nonEmpty } from './fields.ts';
import { parseValue } from './parse-json.ts';

/**
 * What a host shows: `mth~HOST~TOKEN~SECRET`. The prefix is for programs that look for secrets in places where none should be; the
 * tilde is in no host's name and needs no escaping in a header, an ini file or XML.
 */
export interface HostTokenParts {
  readonly host: HostId;
  readonly tokenId: TokenId;
  /** 32 random bytes, base64url. */
  readonly secret: string;
}

const TEXT = /^mth~([^~]{1,100})~([0-9a-f]{12})~([A-Za-z0-9_-]{43})$/;

export const printHostToken = ({ host, tokenId, secret }: HostTokenParts): string => `mth~${host}~${tokenId}~${secret}`;

/** Undefined for whatever was never printed as a token. */
export const parseHostToken = (text: string): HostTokenParts | undefined => {
  const [, host, tokenId, secret] = TEXT.exec(text) ?? [];
  if (host === undefined || tokenId === undefined || secret === undefined) return undefined;
  return ENTITY_ID.test(host) ? { host, tokenId, secret } : undefined;
};

/** As stored: what is known of the token, and the hash that its secret is compared with. */
export interface StoredToken {
  readonly token: HostToken;
  /** sha256 of the secret's text, hex. */
  readonly sha256: string;
}

const item = v.object({
  host: nonEmpty,
  id: nonEmpty,
  sha256: hex64,
  label: v.string(),
  createdMs: epochMs,
  createdBy: nonEmpty,
  expiresMs: v.optional(epochMs),
  revokedMs: v.optional(epochMs),
  lastUsedMs: v.optional(epochMs),
});

/** Attributes of a token's item, keys aside. */
export const parseStoredToken = (fields: Readonly<Record<string, string | number>>): StoredToken => {
  const { sha256, expiresMs, revokedMs, lastUsedMs, ...rest } = parseValue(item, fields, 'host token');
  return { token: { ...rest, expiresMs, revokedMs, lastUsedMs }, sha256 };
};
