/** Functions behind an HTTP API. */
export type ApiStage = 'lock-api' | 'hosts-api' | 'admin-api';

export interface ApiRoute {
  readonly pattern: RegExp;
  readonly methods: 'any' | readonly string[];
  readonly stage: ApiStage;
  /** `jwt`: the front door verifies a JSON Web Token, and hands its claims on. */
  readonly auth: 'none' | 'jwt';
  readonly maxBodyBytes: number;
}

/** What each is called in an error, and the name it has when deployed: the locks have one of their own. */
export const APIS: Readonly<Record<ApiStage, { readonly title: string; readonly domain: string }>> = {
  'lock-api': { title: 'The locks', domain: 'locks' },
  'hosts-api': { title: 'Check-ins and syncs', domain: 'network' },
  'admin-api': { title: 'The settings', domain: 'network' },
};

/** Longer than any request of a lock's client. */
const LOCK_BODY = 65_536;
/** As an HTTP API; the functions have limits of their own. */
const BODY = 10_485_760;

const lock = { methods: 'any', stage: 'lock-api', auth: 'none', maxBodyBytes: LOCK_BODY } as const;
const hosts = { methods: 'any', stage: 'hosts-api', auth: 'none', maxBodyBytes: BODY } as const;
const admin = { methods: 'any', stage: 'admin-api', auth: 'jwt', maxBodyBytes: BODY } as const;

/**
 * The first that fits. Locks have a host name of their own when deployed, and their clients put slashes where they like. Functions
 * know which methods a path takes; a route names methods only where another route has the rest.
 */
export const API_ROUTES: readonly ApiRoute[] = [
  { ...lock, pattern: /^\/+api\/+v1\/+locks(?:\/|$)/ },
  { ...lock, pattern: /^\/+api\/+v1\/+hosts\/+[^/]+\/+locks(?:\/|$)/ },
  { ...lock, pattern: /^\/+(?:v1\/+(?:pre-reboot|steady-state)|api(?:\/+v[12])?\/+dlmlocks|dlmengine)(?:\/|$)/ },

  { ...hosts, pattern: /^\/api\/v1\/checkins$/ },
  { ...hosts, pattern: /^\/xmlrpc\/?$/ },
  { ...hosts, pattern: /^\/api\/v1\/syncs(?:\/|$)/ },
  { ...hosts, pattern: /^\/api\/v1\/hosts\/[^/]+\/syncs$/ },
  { ...hosts, pattern: /^\/api\/v1\/hosts\/[^/]+\/categories\/[^/]+\/syncs$/ },
  { ...hosts, pattern: /^\/api\/v1\/hosts\/[^/]+\/categories\/[^/]+\/(?:hold|release)$/, auth: 'jwt' },

  { ...admin, pattern: /^\/api\/openapi\.json$/, auth: 'none' },
  { ...admin, pattern: /^\/api\/v1\/(?:me|network|audit|sites|hosts|categories|settings)(?:\/|$)/ },
];

/** Without a method: any route of the path. */
export const findRoute = (path: string, method?: string): ApiRoute | undefined =>
  API_ROUTES.find(
    ({ pattern, methods }) => pattern.test(path) && (method === undefined || methods === 'any' || methods.includes(method)),
  );
