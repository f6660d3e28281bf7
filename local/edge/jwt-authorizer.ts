import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';

/** Claims as API Gateway hands them on: every value is a text, a list stands in brackets. */
export type Claims = Readonly<Record<string, string>>;

export type Authorization =
  | { readonly kind: 'verified'; readonly claims: Claims }
  | { readonly kind: 'refused' }
  /** The issuer's keys cannot be read. */
  | { readonly kind: 'unavailable' };

export interface TrustedIssuer {
  readonly url: string;
  readonly audience: string;
  readonly jwksUrl: string;
}

/** As API Gateway's: RSA and elliptic curves, never a shared secret. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];
const KEYS_WITHIN_MS = 5_000;
/** Clocks of issuers differ. */
const LEEWAY_SECONDS = 30;

const printed = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(printed).join(' ')}]`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

const claimsOf = (payload: JWTPayload): Claims =>
  Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, printed(value)]));

/** A key set that cannot be read is not the client's fault; every other error of jose's is a token that does not hold. */
const isOfToken = (error: unknown): boolean =>
  error instanceof errors.JOSEError &&
  !(error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid || error.code === errors.JOSEError.code);

/**
 * What an HTTP API's JWT authorizer does with the header `Authorization`: the token's signature by the issuer's published keys, its
 * issuer, audience and time. Authorization itself, who may do what, is the function's.
 */
export const jwtAuthorizer = (issuer: TrustedIssuer): ((header: string | undefined) => Promise<Authorization>) => {
  const keys = createRemoteJWKSet(new URL(issuer.jwksUrl), { timeoutDuration: KEYS_WITHIN_MS });
  return async (header) => {
    const [, token] = /^(?:Bearer\s+)?(\S+)$/i.exec(header ?? '') ?? [];
    if (token === undefined) return { kind: 'refused' };
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: issuer.url,
        audience: issuer.audience,
        algorithms: ALGORITHMS,
        clockTolerance: LEEWAY_SECONDS,
        requiredClaims: ['exp'],
      });
      return { kind: 'verified', claims: claimsOf(payload) };
    } catch (error) {
      return { kind: isOfToken(error) ? 'refused' : 'unavailable' };
    }
  };
};
