import { actorOfClaims, groupsOfClaims } from '#domain/access/actor.ts';
import { ConfigError } from '#domain/errors.ts';
import { failureReply, retryReply } from '#wire/api/failure-reply.ts';
import type { HttpCall, HttpReply } from '#wire/api/http-call.ts';
import { knownQuery, wrongQuery } from '#wire/api/known-query.ts';
import { findEndpoint } from '#wire/api/route-table.ts';
import type { Endpoint } from './endpoint.ts';
import { unauthenticated } from './replies.ts';
import { ROUTES } from './routes.ts';
import type { VolumesApiDeps } from './volumes-deps.ts';

const answer = async (
  deps: VolumesApiDeps,
  call: HttpCall,
  endpoint: Endpoint,
  params: readonly string[],
): Promise<HttpReply> => {
  if (call.claims === undefined) return unauthenticated('This needs a token of the identity provider.');
  const query = knownQuery(call.query, endpoint.query);
  if (query === undefined) return wrongQuery(endpoint.query);
  const { rules, access } = await deps.content.read();
  const actor = actorOfClaims(call.claims, access);
  if (actor.kind !== 'user') return unauthenticated(`The token says nobody's name in its claim ${access.userClaim}.`);
  const member = { ...actor, groups: groupsOfClaims(call.claims, access) };
  return endpoint.answer({ deps, call, member, rules, params, query });
};

const failure = (deps: VolumesApiDeps, call: HttpCall, error: unknown): HttpReply => {
  if (!(error instanceof ConfigError))
    return failureReply(deps.log, call, error, 'Volumes cannot be read or written for now; ask again.');
  deps.log.error('there is no network whose volumes these are', { error });
  return retryReply('no_network', 'No network file was ever applied here.');
};

/**
 * What people and their jobs do with volumes: stage, store, seal, release, take back. Nothing here reads what is in a release or
 * waits for anything; the check of a release is a stage of its own. Whatever a client sends is answered with 4xx at worst.
 */
export const volumesApi = async (deps: VolumesApiDeps, call: HttpCall): Promise<HttpReply> => {
  const found = findEndpoint(ROUTES, call);
  if (found.kind === 'reply') return found.reply;
  try {
    const reply = await answer(deps, call, found.endpoint, found.params);
    return call.method === 'HEAD' ? { ...reply, body: '' } : reply;
  } catch (error) {
    return failure(deps, call, error);
  }
};
