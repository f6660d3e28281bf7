/** One path of the API of hosts and administrators. `{name}` stands for one part of a path, `{name+}` for one or more. */
export interface NetworkApiRoute {
  readonly path: string;
  readonly stage: 'hosts-api' | 'admin-api' | 'volumes-api';
  /** `jwt`: the front door verifies a token of the identity provider and hands its claims on; `none`: the function knows hosts by their own tokens. */
  readonly auth: 'none' | 'jwt';
}

const hosts = { stage: 'hosts-api', auth: 'none' } as const;
const operators = { stage: 'hosts-api', auth: 'jwt' } as const;
const publishers = { stage: 'volumes-api', auth: 'jwt' } as const;
const admins = { stage: 'admin-api', auth: 'jwt' } as const;

/**
 * Every path, the more special before the more general: the first that fits answers, which is also API Gateway's choice. Functions
 * know which methods a path takes. The local edge takes its routes from here too.
 */
export const NETWORK_API_ROUTES: readonly NetworkApiRoute[] = [
  { ...hosts, path: '/api/v1/checkins' },
  { ...hosts, path: '/xmlrpc' },
  { ...hosts, path: '/api/v1/syncs/{sync+}' },
  { ...hosts, path: '/api/v1/hosts/{host}/syncs' },
  { ...hosts, path: '/api/v1/hosts/{host}/categories/{category}/syncs' },
  { ...operators, path: '/api/v1/hosts/{host}/categories/{category}/hold' },
  { ...operators, path: '/api/v1/hosts/{host}/categories/{category}/release' },

  { ...publishers, path: '/api/v1/volumes' },
  { ...publishers, path: '/api/v1/volumes/{rest+}' },
  { ...publishers, path: '/api/v1/releases' },
  { ...publishers, path: '/api/v1/garbage' },
  { ...publishers, path: '/api/v1/garbage/{rest+}' },

  { ...admins, path: '/api/openapi.json', auth: 'none' },
  { ...admins, path: '/api/v1/me' },
  { ...admins, path: '/api/v1/network' },
  { ...admins, path: '/api/v1/audit' },
  { ...admins, path: '/api/v1/settings/{section}' },
  ...(['sites', 'hosts', 'categories'] as const).flatMap((kind) => [
    { ...admins, path: `/api/v1/${kind}` },
    { ...admins, path: `/api/v1/${kind}/{rest+}` },
  ]),
];
