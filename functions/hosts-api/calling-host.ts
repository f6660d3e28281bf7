import type { VerifiedToken } from '#ports/host-tokens.ts';
import { errorReply, type HttpCall, type HttpReply } from '#wire/api/http-call.ts';
import type { HostsApiDeps } from './hosts-deps.ts';
import type { KnownHost } from './network-reads.ts';

export interface CallingHost extends KnownHost {
  readonly token: VerifiedToken;
}

const BEARER = /^Bearer +(\S{1,300})$/i;

/** The host whose token the request carries in `Authorization: Bearer`; undefined when it carries none that is good. */
export const callingHost = async (
  deps: Pick<HostsApiDeps, 'tokens' | 'reads' | 'clock'>,
  call: HttpCall,
): Promise<CallingHost | undefined> => {
  const [, text] = BEARER.exec(call.headers['authorization'] ?? '') ?? [];
  const token = text === undefined ? undefined : await deps.tokens.verify(text, deps.clock.now());
  if (token === undefined) return undefined;
  const known = await deps.reads.host(token.host);
  return known === undefined ? undefined : { ...known, token };
};

/** RFC 6750: what a request without a good token is told. */
export const unauthenticated = (): HttpReply =>
  errorReply(401, 'unauthenticated', 'This needs the token of a host: Authorization: Bearer mth~…', {
    'www-authenticate': 'Bearer realm="mirrortide"',
  });

export const wrongMethod = (allow: string): HttpReply =>
  errorReply(405, 'method_not_allowed', `This path takes ${allow}.`, { allow });
