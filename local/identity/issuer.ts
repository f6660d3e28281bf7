import { generateKeyPair } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import Provider, { type Adapter, type Configuration, errors, type JWK } from 'oidc-provider';

/** Somebody who may ask this machine's issuer for a token, by name and secret. */
export interface Account {
  /** The token's `sub`. */
  readonly name: string;
  readonly secret: string;
  readonly groups: readonly string[];
}

/** Names of the claims that a network reads, `policies.access` of its file. */
export interface ClaimNames {
  readonly userClaim: string;
  readonly groupsClaim: string;
}

export interface Issuer {
  /** The `iss` of its tokens; its discovery document is below. */
  readonly url: string;
  readonly audience: string;
  readonly tokenUrl: string;
  /** Where the keys are that verify its tokens. */
  readonly jwksUrl: string;
  owns(path: string): boolean;
  handle(request: IncomingMessage, response: ServerResponse): void;
}

const MOUNT = '/oidc';
const AUDIENCE = 'mirrortide';
const TOKEN_SECONDS = 3_600;

const generate = promisify(generateKeyPair);

/** A key for as long as the process runs: tokens of an earlier run are worth nothing. */
const signingKey = async (): Promise<JWK> => {
  const { privateKey } = await generate('ec', { namedCurve: 'P-256' });
  return { ...(privateKey.export({ format: 'jwk' }) as JWK), alg: 'ES256', use: 'sig', kid: 'this-run' };
};

/** Tokens are signed and carry all they say, accounts are part of the configuration: there is nothing to keep. */
const keepsNothing = (): Adapter => ({
  upsert: async () => undefined,
  find: async () => undefined,
  findByUserCode: async () => undefined,
  findByUid: async () => undefined,
  consume: async () => undefined,
  destroy: async () => undefined,
  revokeByGrantId: async () => undefined,
});

const configuration = (accounts: readonly Account[], names: ClaimNames, key: JWK): Configuration => ({
  adapter: keepsNothing,
  jwks: { keys: [key] },
  clients: accounts.map(({ name, secret }) => ({
    client_id: name,
    client_secret: secret,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  })),
  enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  ttl: { ClientCredentials: TOKEN_SECONDS },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => `urn:${AUDIENCE}`,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => {
        if (resource !== `urn:${AUDIENCE}`) throw new errors.InvalidTarget();
        const jwt = { sign: { alg: 'ES256' as const } };
        return { scope: '', audience: AUDIENCE, accessTokenFormat: 'jwt', accessTokenTTL: TOKEN_SECONDS, jwt };
      },
    },
  },
  extraTokenClaims: (_, { clientId = '' }) => ({
    [names.groupsClaim]: accounts.find(({ name }) => name === clientId)?.groups ?? [],
    ...(names.userClaim !== 'sub' && { [names.userClaim]: clientId }),
  }),
});

/**
 * An OpenID provider for one machine, below `/oidc` of the edge's own address: what a network's identity provider is when deployed.
 * People get a token with a name and a secret (OAuth 2.0, client credentials), since nobody signs in with a browser here.
 */
export const localIssuer = async (base: string, accounts: readonly Account[], names: ClaimNames): Promise<Issuer> => {
  const url = `${base}${MOUNT}`;
  const provider = new Provider(url, configuration(accounts, names, await signingKey()));
  const callback = provider.callback();
  return {
    url,
    audience: AUDIENCE,
    tokenUrl: `${url}/token`,
    jwksUrl: `${url}/jwks`,
    owns: (path) => path === MOUNT || path.startsWith(`${MOUNT}/`),
    handle(request, response) {
      // The provider takes the part of the path before its own from what the two have in common.
      const mounted = Object.assign(request, { originalUrl: request.url, url: (request.url ?? '').slice(MOUNT.length) || '/' });
      callback(mounted, response).catch(() => response.destroy());
    },
  };
};
