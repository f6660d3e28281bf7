import { type ApiServer, apiServer } from './admin-api-server.ts';
import { claimsOf, PEOPLE, type VolumesSetup } from './volumes-setup.ts';

/** `METHOD path` without the parts that are of one release. */
export const shortly = (asked: readonly string[]): readonly string[] =>
  asked.map((one) => one.replace('/api/v1/', '').replaceAll(/[0-9a-f]{64}/g, 'HASH'));

export interface VolumesApiServer extends ApiServer {
  /** Happens once before the next checks. */
  beforeChecks: () => Promise<void>;
}

const nothing = async (): Promise<void> => {};

/** The functions of volumes behind HTTP; the token is a person's name. Checks are done when somebody looks how they went. */
export const volumesApiServer = async (setup: () => VolumesSetup): Promise<VolumesApiServer> => {
  const check = async (): Promise<void> => {
    const before = it.beforeChecks;
    it.beforeChecks = nothing;
    await before();
    await setup().runChecks();
  };
  const server = await apiServer(async ({ method = '', url = '', headers }, body) => {
    const [path = '', query = ''] = url.split('?');
    if (method === 'GET' && /\/releases\/[0-9a-f]{64}$/.test(path)) await check();
    const who = PEOPLE.find((person) => headers.authorization === `Bearer ${person}`);
    const single = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    const claims = who === undefined ? undefined : claimsOf(who);
    const reply = await setup().send({ method, path, query, headers: single, body, claims });
    return { status: reply.statusCode, body: reply.body, headers: reply.headers };
  });
  const it = Object.assign(server, { beforeChecks: nothing });
  return it;
};
