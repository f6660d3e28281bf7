import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Authorization, jwtAuthorizer } from '../../local/edge/jwt-authorizer.ts';
import { type Issuer, localIssuer } from '../../local/identity/issuer.ts';

const ACCOUNTS = [
  { name: 'wrangler', secret: 'secret of the wrangler', groups: ['administrators', 'people'] },
  { name: 'alice', secret: 'secret of alice', groups: [] },
];

let server: Server;
let issuer: Issuer;

beforeAll(async () => {
  server = createServer((request, response) => issuer.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = await localIssuer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, ACCOUNTS, {
    userClaim: 'preferred_username',
    groupsClaim: 'groups',
  });
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const ask = (name: string, secret: string, more: Record<string, string> = {}): Promise<Response> =>
  fetch(issuer.tokenUrl, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${encodeURIComponent(name)}:${encodeURIComponent(secret)}`).toString('base64')}`,
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...more }),
  });

const tokenOf = async (name: string, secret: string): Promise<string> => {
  const { access_token: token } = (await (await ask(name, secret)).json()) as { access_token: string };
  return token;
};

/** Moments and identifiers differ every time. */
const timeless = (result: Authorization): unknown => {
  if (result.kind !== 'verified') return result;
  const { iat, exp, jti, ...claims } = result.claims;
  return { ...result, claims: { ...claims, lifetime: Number(exp) - Number(iat), named: jti !== undefined } };
};

describe('the issuer of this machine', () => {
  it('describes itself where OpenID Connect Discovery says', async () => {
    const found = (await (await fetch(`${issuer.url}/.well-known/openid-configuration`)).json()) as Record<string, unknown>;
    expect({ issuer: found['issuer'], token: found['token_endpoint'], keys: found['jwks_uri'] }).toEqual({
      issuer: issuer.url,
      token: issuer.tokenUrl,
      keys: issuer.jwksUrl,
    });
  });

  it('gives whoever knows the secret a token with name and groups, which the front door verifies', async () => {
    const authorize = jwtAuthorizer(issuer);
    const verified = await authorize(`Bearer ${await tokenOf('wrangler', 'secret of the wrangler')}`);
    expect(timeless(verified)).toEqual({
      kind: 'verified',
      claims: {
        iss: issuer.url,
        aud: 'mirrortide',
        sub: 'wrangler',
        client_id: 'wrangler',
        preferred_username: 'wrangler',
        groups: '[administrators people]',
        lifetime: 3_600,
        named: true,
      },
    });
    const plain = await authorize(await tokenOf('alice', 'secret of alice'));
    expect(plain).toMatchObject({ kind: 'verified', claims: { sub: 'alice', groups: '[]' } });
  });

  it('refuses a wrong secret, an unknown name and another audience', async () => {
    const refused = [
      await ask('wrangler', 'guess'),
      await ask('mallory', 'secret of alice'),
      await ask('alice', 'secret of alice', { resource: 'urn:another' }),
    ];
    const said = await Promise.all(
      refused.map(async (response) => [response.status, ((await response.json()) as { error: string }).error]),
    );
    expect(said).toEqual([
      [401, 'invalid_client'],
      [401, 'invalid_client'],
      [400, 'invalid_target'],
    ]);
  });
});

describe('the front door', () => {
  const forged = async (claims: Record<string, unknown>): Promise<string> => {
    const { privateKey } = await generateKeyPair('ES256');
    return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'this-run' }).setExpirationTime('1h').sign(privateKey);
  };

  it('refuses what is no token of the issuer for this audience', async () => {
    const token = await tokenOf('alice', 'secret of alice');
    const [head = '', body = '', signature = ''] = token.split('.');
    const other = { ...(JSON.parse(Buffer.from(body, 'base64url').toString()) as object), sub: 'wrangler' };
    const tampered = `${head}.${Buffer.from(JSON.stringify(other)).toString('base64url')}.${signature}`;
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`;
    const headers = [
      undefined,
      '',
      'Basic YWxpY2U6YQ==',
      'Bearer',
      'Bearer a.b.c',
      `Bearer ${tampered}`,
      `Bearer ${unsigned}`,
      `Bearer ${await forged({ iss: issuer.url, aud: 'mirrortide', sub: 'wrangler' })}`,
    ];
    const authorize = jwtAuthorizer(issuer);
    expect(await Promise.all(headers.map(authorize))).toEqual(headers.map(() => ({ kind: 'refused' })));
    const forAnother = jwtAuthorizer({ ...issuer, url: issuer.url, jwksUrl: issuer.jwksUrl, audience: 'another' });
    const ofAnother = jwtAuthorizer({ audience: issuer.audience, jwksUrl: issuer.jwksUrl, url: 'https://idp.example' });
    expect(await Promise.all([forAnother(token), ofAnother(token)])).toEqual([{ kind: 'refused' }, { kind: 'refused' }]);
  });

  it('says that it cannot judge while the keys of the issuer cannot be read', async () => {
    const token = await tokenOf('alice', 'secret of alice');
    const closed = jwtAuthorizer({ ...issuer, url: issuer.url, audience: issuer.audience, jwksUrl: 'http://127.0.0.1:1/jwks' });
    expect(await closed(`Bearer ${token}`)).toEqual({ kind: 'unavailable' });
    const wrong = jwtAuthorizer({ ...issuer, url: issuer.url, audience: issuer.audience, jwksUrl: `${issuer.url}/nothing` });
    expect(await wrong(`Bearer ${token}`)).toEqual({ kind: 'unavailable' });
  });
});
