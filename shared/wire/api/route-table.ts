import { errorReply, type HttpCall, type HttpReply, pathParts } from './http-call.ts';

export type Method = 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE';

/** One path of an API, and what answers each of its methods. */
export interface RouteOf<Endpoint> {
  /** `{name}` stands for one part. */
  readonly path: string;
  readonly methods: Readonly<Partial<Record<Method, Endpoint>>>;
}

export type RouteOutcome<Endpoint> =
  | {
      readonly kind: 'endpoint';
      readonly endpoint: Endpoint;
      /** The parts of the path that the route leaves open, decoded. */
      readonly params: readonly string[];
    }
  /** All there is to say to such a request. */
  | { readonly kind: 'reply'; readonly reply: HttpReply };

const isMethod = (text: string, methods: object): text is Method => Object.hasOwn(methods, text);

/** What a path can be asked by, HEAD and OPTIONS included. */
const allowedOn = (methods: readonly string[]): string =>
  [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');

const paramsOf = (path: string, parts: readonly string[]): readonly string[] | undefined => {
  const wanted = path.slice(1).split('/');
  const fits = wanted.length === parts.length && wanted.every((part, at) => part.startsWith('{') || part === parts[at]);
  return fits ? parts.filter((_, at) => wanted[at]?.startsWith('{') === true) : undefined;
};

const found = <Endpoint>(
  { methods }: RouteOf<Endpoint>,
  params: readonly string[],
  { method }: Pick<HttpCall, 'method'>,
): RouteOutcome<Endpoint> => {
  const allow = allowedOn(Object.keys(methods));
  if (method === 'OPTIONS') return { kind: 'reply', reply: { statusCode: 204, headers: { allow }, body: '' } };
  const wanted = method === 'HEAD' ? 'GET' : method;
  const endpoint = isMethod(wanted, methods) ? methods[wanted] : undefined;
  return endpoint === undefined
    ? { kind: 'reply', reply: errorReply(405, 'method_not_allowed', `Only ${allow}.`, { allow }) }
    : { kind: 'endpoint', endpoint, params };
};

/** What answers a request; the first route that fits. HEAD is answered as GET, whose body the caller then takes off. */
export const findEndpoint = <Endpoint>(
  routes: readonly RouteOf<Endpoint>[],
  call: Pick<HttpCall, 'method' | 'path'>,
): RouteOutcome<Endpoint> => {
  const parts = pathParts(call.path, '/');
  if (parts === undefined)
    return { kind: 'reply', reply: errorReply(400, 'invalid_request', 'The path is not percent-encoded UTF-8.') };
  for (const route of routes) {
    const params = paramsOf(route.path, parts);
    if (params !== undefined) return found(route, params, call);
  }
  return { kind: 'reply', reply: errorReply(404, 'not_found', 'There is nothing at this path.') };
};
