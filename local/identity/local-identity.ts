import * as v from 'valibot';
import type { Inventory } from '#domain/inventory/inventory.ts';
import { type Authorization, jwtAuthorizer } from '../edge/jwt-authorizer.ts';
import { StartProblem } from '../start-problem.ts';
import { accountsOf } from './accounts.ts';
import { type Account, type Issuer, localIssuer } from './issuer.ts';

export interface LocalIdentity {
  /** This machine's own; undefined when another one is trusted. */
  readonly issuer: Issuer | undefined;
  /** Who may ask the own issuer for tokens. */
  readonly accounts: readonly Account[];
  readonly authorize: (header: string | undefined) => Promise<Authorization>;
}

const DISCOVERY_WITHIN_MS = 5_000;
/** OpenID Connect Discovery 1.0, section 3. */
const discovery = v.object({ issuer: v.string(), jwks_uri: v.pipe(v.string(), v.url()) });

const keysOf = async (url: string): Promise<{ readonly issuer: string; readonly jwksUrl: string }> => {
  try {
    const found = await fetch(`${url.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      signal: AbortSignal.timeout(DISCOVERY_WITHIN_MS),
    });
    const { issuer, jwks_uri: jwksUrl } = v.parse(discovery, await found.json());
    return { issuer, jwksUrl };
  } catch (error) {
    throw new StartProblem(`--issuer ${url}: no OpenID discovery document: ${error instanceof Error ? error.message : error}`);
  }
};

/** Trusts a network's identity provider, as a deployment does. */
const ofProvider = async ({ url, audience }: { readonly url: string; readonly audience: string }): Promise<LocalIdentity> => {
  const { issuer, jwksUrl } = await keysOf(url);
  return { issuer: undefined, accounts: [], authorize: jwtAuthorizer({ url: issuer, audience, jwksUrl }) };
};

/** `base`: the edge's own address. `secret`: of every account of the own issuer; undefined makes one for each. */
export const openIdentity = async (
  provider: { readonly url: string; readonly audience: string } | undefined,
  base: string,
  inventory: Inventory,
  secret: string | undefined,
): Promise<LocalIdentity> => {
  if (provider !== undefined) return await ofProvider(provider);
  const accounts = accountsOf(inventory, secret);
  const issuer = await localIssuer(base, accounts, inventory.settings.access);
  return { issuer, accounts, authorize: jwtAuthorizer(issuer) };
};
