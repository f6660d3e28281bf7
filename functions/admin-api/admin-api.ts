import { actorOfClaims } from '#domain/access/actor.ts';
import { ConfigError } from '#domain/errors.ts';
import { failureReply, retryReply } from '#wire/api/failure-reply.ts';
import { type HttpCall, type HttpReply, jsonReply } from '#wire/api/http-call.ts';
import { knownQuery, type Query, wrongQuery } from '#wire/api/known-query.ts';
import { findEndpoint, type RouteOf } from '#wire/api/route-table.ts';
import type { AdminDeps } from './admin-deps.ts';
import { openApiDocument } from './openapi/openapi-document.ts';
import { unauthenticated } from './replies.ts';
import { type Endpoint, ROUTES } from './routes.ts';

const DOCUMENT_PATH = '/api/openapi.json';

type DocumentReply = () => HttpReply;

/** For everybody, token or not. */
const DOCUMENT: readonly RouteOf<DocumentReply>[] = [
  {
    path: DOCUMENT_PATH,
    methods: { GET: () => jsonReply(200, openApiDocument(), { 'cache-control': 'public, max-age=300' }) },
  },
];

/** A misspelt `dryRun` must not write, nor one that is neither true nor false. */
const queryOf = (call: HttpCall, known: readonly string[]): Query | undefined => {
  const query = knownQuery(call.query, known);
  const dry = query?.['dryRun'];
  return dry === undefined || dry === 'true' || dry === 'false' ? query : undefined;
};

const answer = async (deps: AdminDeps, call: HttpCall, endpoint: Endpoint, params: readonly string[]): Promise<HttpReply> => {
  if (call.claims === undefined) return unauthenticated('A token of the identity provider is needed.');
  const query = queryOf(call, endpoint.query);
  if (query === undefined) return wrongQuery(endpoint.query, '; dryRun is true or false');
  const network = await deps.network.current();
  const user = actorOfClaims(call.claims, network.inventory.settings.access);
  if (user.kind !== 'user')
    return unauthenticated(`The token says nobody's name in its claim ${network.inventory.settings.access.userClaim}.`);
  return endpoint.answer({ deps, call, user, params, query, network });
};

const routed = async (deps: AdminDeps, call: HttpCall): Promise<HttpReply> => {
  if (call.path === DOCUMENT_PATH) {
    const document = findEndpoint(DOCUMENT, call);
    return document.kind === 'reply' ? document.reply : document.endpoint();
  }
  const found = findEndpoint(ROUTES, call);
  return found.kind === 'reply' ? found.reply : answer(deps, call, found.endpoint, found.params);
};

const failure = (deps: AdminDeps, call: HttpCall, error: unknown): HttpReply => {
  if (!(error instanceof ConfigError))
    return failureReply(deps.log, call, error, 'The table of the network does not answer; ask again.');
  deps.log.error('there is no network to administer', { error });
  return retryReply('no_network', 'No network file was ever applied here.');
};

/**
 * The administration of a network over HTTP: entities in the network file's own shape, one by one, each change judged by who asks
 * and checked with the whole network. Whatever a client sends is answered with 4xx at worst.
 */
export const adminApi = async (deps: AdminDeps, call: HttpCall): Promise<HttpReply> => {
  const reply = await routed(deps, call).catch((error: unknown) => failure(deps, call, error));
  return call.method === 'HEAD' ? { ...reply, body: '' } : reply;
};
