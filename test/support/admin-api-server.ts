import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Inventory } from '#domain/inventory/inventory.ts';
import { parseNetworkFile } from '#wire/network-file/parse-network-file.ts';
import { printCategory } from '#wire/network-file/print-category.ts';
import { printContentRules } from '#wire/network-file/print-content-rules.ts';
import { printHost } from '#wire/network-file/print-host.ts';
import { printLockRules } from '#wire/network-file/print-lock-rules.ts';
import { printSettings } from '#wire/network-file/print-settings.ts';
import { printSite } from '#wire/network-file/print-site.ts';
import { printPath } from '#wire/network-file/problem.ts';
import { type AdminSetup, claimsOf } from './admin-setup.ts';

/** What happens to one request: its answer is lost before or after the change, or it is told to come again. */
export type Fault = 'lost-before' | 'lost-after' | 'busy';

export interface ApiServer {
  readonly url: string;
  /** `METHOD path` of every request that arrived. */
  readonly asked: string[];
  /** Asked before each request. */
  fault: (method: string, path: string) => Fault | undefined;
  readonly close: () => Promise<void>;
}

export interface AdminApiServer extends ApiServer {
  readonly inventory: () => Inventory;
  /** Changes behind everybody's back. */
  readonly replace: (inventory: Inventory) => void;
}

export const ADMIN_TOKEN = 'an.administrators.token';

type Part = Record<string, unknown>;
interface State {
  inventory: Inventory;
  readonly remembered: Map<string, Reply>;
}
interface Reply {
  readonly status: number;
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly tag?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const tagOf = (value: unknown): string => `"${createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)}"`;

const documentOf = (inventory: Inventory): Part => ({
  ...printSettings(inventory.settings),
  ...(inventory.locks !== undefined && { locks: printLockRules(inventory.locks) }),
  ...(inventory.content !== undefined && { content: printContentRules(inventory.content) }),
  sites: inventory.sites.map(printSite),
  categories: inventory.categories.map(printCategory),
  hosts: inventory.hosts.map((host) => ({ ...printHost(host), site: host.site })),
});

const partAt = (document: Part, list: string, id: string): unknown =>
  list === 'settings' ? document[id] : (document[list] as Part[]).find((one) => one['id'] === id);

const withPart = (document: Part, list: string, id: string, value: Part | undefined): Part => {
  if (list === 'settings') return { ...document, [id]: value };
  const others = (document[list] as Part[]).filter((one) => one['id'] !== id);
  return { ...document, [list]: value === undefined ? others : [...others, value] };
};

const changed = (state: State, list: string, id: string, value: Part | undefined): Reply => {
  const next = withPart(documentOf(state.inventory), list, id, value);
  const parsed = parseNetworkFile(next, (path) => path);
  if (parsed.kind === 'invalid') {
    const top = list === 'settings' ? [id] : [list, (next[list] as Part[]).length - 1];
    const own = parsed.problems.filter(({ path }) => top.every((step, at) => path[at] === step));
    const problems = (own.length > 0 ? own : parsed.problems).map(({ path, message }) => ({
      path: own.length > 0 ? printPath(path.slice(top.length)) : `elsewhere/${printPath(path)}`,
      message,
    }));
    return { status: own.length > 0 ? 422 : 409, body: { kind: 'invalid', value: 'no', problems } };
  }
  const before = partAt(documentOf(state.inventory), list, id);
  state.inventory = parsed.inventory;
  const after = partAt(documentOf(state.inventory), list, id);
  return after === undefined ? { status: 204 } : { status: before === undefined ? 201 : 200, body: after, tag: tagOf(after) };
};

const answer = (state: State, request: IncomingMessage, body: string): Reply => {
  const { method = '', url = '', headers } = request;
  if (headers.authorization !== `Bearer ${ADMIN_TOKEN}`) return { status: 401, body: { kind: 'unauthenticated', value: 'Who?' } };
  if (url === '/api/v1/network') return { status: 200, body: documentOf(state.inventory) };
  const [, list = '', id = ''] = /^\/api\/v1\/(settings|sites|categories|hosts)\/([^/]+)$/.exec(url) ?? [];
  const value = id === '' ? undefined : partAt(documentOf(state.inventory), list, decodeURIComponent(id));
  if (method === 'GET') return value === undefined ? { status: 404, body: {} } : { status: 200, body: value, tag: tagOf(value) };
  const key = String(headers['idempotency-key']);
  const known = state.remembered.get(key);
  if (known !== undefined) return known;
  const match = headers['if-match'];
  if (headers['if-none-match'] === '*' && value !== undefined) return { status: 412, body: {} };
  if (match !== undefined && (value === undefined || match !== tagOf(value))) return { status: 412, body: {} };
  if (method === 'DELETE' && value === undefined) return { status: 404, body: {} };
  const reply = changed(state, list, decodeURIComponent(id), method === 'DELETE' ? undefined : JSON.parse(body));
  if (reply.status < 300) state.remembered.set(key, reply);
  return reply;
};

const send = (response: ServerResponse, { status, body, tag, headers }: Reply): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...(tag !== undefined && { etag: tag }), ...headers });
  response.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
};

/** Answers over HTTP, with faults. */
export const apiServer = async (
  reply: (request: IncomingMessage, body: string) => Promise<Reply> | Reply,
): Promise<ApiServer> => {
  const asked: string[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '' } = request;
    asked.push(`${method} ${url}`);
    const body = await text(request);
    const fault = it.fault(method, url);
    if (fault === 'busy') {
      response.writeHead(503, { 'retry-after': '1' });
      response.end('<html>');
      return;
    }
    if (fault === 'lost-before') return void request.socket.destroy();
    const answered = await reply(request, body);
    if (fault === 'lost-after') return void request.socket.destroy();
    send(response, answered);
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const it: ApiServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    fault: () => undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return it;
};

/** The parts of the administration's API that the agent uses, over an inventory in memory. */
export const adminApiServer = async (inventory: Inventory): Promise<AdminApiServer> => {
  const state: State = { inventory, remembered: new Map() };
  const server = await apiServer((request, body) => answer(state, request, body));
  return Object.assign(server, {
    inventory: () => state.inventory,
    replace: (next: Inventory) => {
      state.inventory = next;
    },
  });
};

/** The function of the administration itself; whoever has the token is an administrator, wendy. */
export const realAdminApiServer = (setup: () => AdminSetup): Promise<ApiServer> =>
  apiServer(async ({ method = '', url = '', headers }, body) => {
    const [path = '', query = ''] = url.split('?');
    const claims = headers.authorization === `Bearer ${ADMIN_TOKEN}` ? claimsOf('wendy') : undefined;
    const single = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    const reply = await setup().send({ method, path, query, headers: single, body, claims });
    return { status: reply.statusCode, body: reply.body, headers: reply.headers };
  });
