import { NETWORK_API_ROUTES } from '../../infra/network-api-routes.ts';

/** Functions behind an HTTP API. */
export type ApiStage = 'lock-api' | 'hosts-api' | 'admin-api' | 'volumes-api';

export interface ApiRoute {
  readonly pattern: RegExp;
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
  'volumes-api': { title: 'The volumes', domain: 'network' },
};

/** Longer than any request of a lock's client. */
const LOCK_BODY = 65_536;
/** As an HTTP API; the functions have limits of their own. */
const BODY = 10_485_760;

const lock = { stage: 'lock-api', auth: 'none', maxBodyBytes: LOCK_BODY } as const;

/** The pattern of a path in API Gateway's syntax. */
const patternOf = (path: string): RegExp => {
  const part = (text: string): string => {
    if (!text.startsWith('{')) return text.replace('.', '\\.');
    return text.endsWith('+}') ? '.+' : '[^/]+';
  };
  return new RegExp(`^${path.split('/').map(part).join('/')}/?$`);
};

/** The first that fits. Locks have a host name of their own when deployed, and their clients put slashes where they like. */
const API_ROUTES: readonly ApiRoute[] = [
  { ...lock, pattern: /^\/+api\/+v1\/+locks(?:\/|$)/ },
  { ...lock, pattern: /^\/+api\/+v1\/+hosts\/+[^/]+\/+locks(?:\/|$)/ },
  { ...lock, pattern: /^\/+(?:v1\/+(?:pre-reboot|steady-state)|api(?:\/+v[12])?\/+dlmlocks|dlmengine)(?:\/|$)/ },
  ...NETWORK_API_ROUTES.map(({ path, stage, auth }): ApiRoute => ({ pattern: patternOf(path), stage, auth, maxBodyBytes: BODY })),
];

export const findRoute = (path: string): ApiRoute | undefined => API_ROUTES.find(({ pattern }) => pattern.test(path));
