import { actorOfClaims } from '#domain/access/actor.ts';
import { ConfigError } from '#domain/errors.ts';
import { failureReply, retryReply } from '#wire/api/failure-reply.ts';
import { type HttpCall, type HttpReply, jsonReply, pathParts } from '#wire/api/http-call.ts';
import type { AdminDeps } from './admin-deps.ts';
import { openApiDocument } from './openapi/openapi-document.ts';
import { badRequest, notFound, unauthenticated, wrongMethod } from './replies.ts';
import { type Endpoint, type Matched, type Method, matchRoute } from './routes.ts';

const DOCUMENT_PATH = '/api/openapi.json';

const isMethod = (text: string, methods: object): text is Method => Object.hasOwn(methods, text);

/** What a path can be asked by, HEAD and OPTIONS included. */
const allowedOn = (methods: readonly string[]): readonly string[] => [
  ...methods,
  ...(methods.includes('GET') ? ['HEAD'] : []),
  'OPTIONS',
];

const optionsReply = (methods: readonly string[]): HttpReply => ({
  statusCode: 204,
  headers: { allow: allowedOn(methods).join(', ') },
  body: '',
});

type Query = Readonly<Record<string, string | undefined>>;

/** Undefined for parameters that the endpoint does not have, or has twice, and for a `dryRun` that is neither true nor false. */
const queryOf = (call: HttpCall, known: readonly string[]): Query | undefined => {
  const pairs = [...new URLSearchParams(call.query)];
  const names = pairs.map(([name]) => name);
  const sound = names.every((name) => known.includes(name)) && new Set(names).size === names.length;
  const query: Query = Object.fromEntries(pairs);
  const dry = query['dryRun'];
  return sound && (dry === undefined || dry === 'true' || dry === 'false') ? query : undefined;
};

const wrongQuery = (known: readonly string[]): HttpReply =>
  badRequest(
    known.length === 0
      ? 'There are no parameters here.'
      : `Parameters here are ${known.join(', ')}, each at most once; dryRun is true or false.`,
  );

const answer = async (deps: AdminDeps, call: HttpCall, endpoint: Endpoint, { params }: Matched): Promise<HttpReply> => {
  if (call.claims === undefined) return unauthenticated('A token of the identity provider is needed.');
  const query = queryOf(call, endpoint.query);
  if (query === undefined) return wrongQuery(endpoint.query);
  const network = await deps.network.current();
  const user = actorOfClaims(call.claims, network.inventory.settings.access);
  if (user.kind !== 'user')
    return unauthenticated(`The token says nobody's name in its claim ${network.inventory.settings.access.userClaim}.`);
  return endpoint.answer({ deps, call, user, params, query, network });
};

const routed = async (deps: AdminDeps, call: HttpCall): Promise<HttpReply> => {
  const method = call.method === 'HEAD' ? 'GET' : call.method;
  if (call.path === DOCUMENT_PATH) {
    if (method === 'OPTIONS') return optionsReply(['GET']);
    return method === 'GET'
      ? jsonReply(200, openApiDocument(), { 'cache-control': 'public, max-age=300' })
      : wrongMethod(allowedOn(['GET']));
  }
  const parts = pathParts(call.path, '/');
  if (parts === undefined) return badRequest('The path is not percent-encoded UTF-8.');
  const matched = matchRoute(parts);
  if (matched === undefined) return notFound();
  const { methods } = matched.route;
  if (method === 'OPTIONS') return optionsReply(Object.keys(methods));
  const endpoint = isMethod(method, methods) ? methods[method] : undefined;
  if (endpoint === undefined) return wrongMethod(allowedOn(Object.keys(methods)));
  return answer(deps, call, endpoint, matched);
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
