import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What goes wrong with one request; `drop_after` loses the answer of a request that was carried out. */
export type Fault = 'none' | 'drop_before' | 'drop_after' | 'status_502' | 'not_json';

export interface Grant {
  fence: number;
  state: 'offered' | 'held' | 'failed';
  requestId: string;
}

export interface LockServer {
  readonly url: string;
  readonly grants: Map<string, Grant>;
  /** What was carried out, in order: `verb host fence`. */
  readonly history: string[];
  readonly calls: { readonly verb: string; readonly body: Readonly<Record<string, unknown>> }[];
  fault: (verb: string) => Fault;
  /** Answers every acquire with this status and body instead. */
  closed: { status: number; body: Readonly<Record<string, unknown>> } | undefined;
  retryAfterMs: number;
  /** Grants are leases of so long; undefined: held until released. */
  leaseMs: number | undefined;
  close: () => Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The lock interface in the smallest form that keeps its promises; the host is its bearer token. */
export async function lockServer(slots = 1): Promise<LockServer> {
  let lastFence = 0;
  const queue: string[] = [];
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  const handle: LockServer = {
    url: '',
    grants: new Map(),
    history: [],
    calls: [],
    fault: () => 'none',
    closed: undefined,
    retryAfterMs: 50,
    leaseMs: undefined,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
  const acquire = (host: string, requestId: string): Reply => {
    if (handle.closed !== undefined) return handle.closed;
    const own = handle.grants.get(host);
    if (own !== undefined)
      return { status: 200, body: { state: own.state === 'offered' ? 'offered' : 'held', fence: own.fence } };
    const turn = queue.indexOf(host);
    if (handle.grants.size >= slots || turn > 0) {
      if (turn < 0) queue.push(host);
      return {
        status: 202,
        body: { state: 'queued', ticket: `t-${host}`, rank: Math.max(0, queue.indexOf(host)), retryAfterMs: handle.retryAfterMs },
      };
    }
    if (turn === 0) queue.shift();
    lastFence += 1;
    handle.grants.set(host, { fence: lastFence, state: 'offered', requestId });
    handle.history.push(`offer ${host} ${lastFence}`);
    return { status: 200, body: { state: 'offered', fence: lastFence, offerMs: 120_000 } };
  };
  const onGrant = (verb: string, host: string, fence: unknown): Reply => {
    const own = handle.grants.get(host);
    if (own === undefined || own.fence !== fence)
      return verb === 'release'
        ? { status: 200, body: { state: 'not_held' } }
        : { status: 409, body: { kind: 'lost', value: 'no' } };
    const before = own.state;
    if (verb === 'release') handle.grants.delete(host);
    else if (verb === 'confirm' && own.state === 'offered') own.state = 'held';
    else if (verb === 'fail') own.state = 'failed';
    const lease = handle.leaseMs === undefined ? {} : { deadlineMs: Date.now() + handle.leaseMs };
    if (verb === 'release' || own.state !== before) handle.history.push(`${verb} ${host} ${own.fence}`);
    return { status: 200, body: { state: verb === 'release' ? 'released' : own.state, fence: own.fence, ...lease } };
  };
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const host = (request.headers.authorization ?? '').replace('Bearer ', '');
    const verb = request.method === 'GET' ? 'inspect' : ((request.url ?? '').split('/').at(-1) ?? '');
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    const fault = handle.fault(verb);
    if (fault === 'drop_before') return void request.socket.destroy();
    if (fault === 'status_502') return void response.writeHead(502).end('<html>Bad Gateway</html>');
    if (fault === 'not_json') return void response.writeHead(200).end('<html>Please log in</html>');
    handle.calls.push({ verb, body });
    const reply =
      verb === 'inspect'
        ? {
            status: 200,
            body: { lock: 'update', holders: [...handle.grants].map(([name, grant]) => ({ host: name, ...grant })) },
          }
        : verb === 'acquire'
          ? acquire(host, String(body['requestId']))
          : onGrant(verb, host, body['fence']);
    if (fault === 'drop_after') return void request.socket.destroy();
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body));
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(handle, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}
