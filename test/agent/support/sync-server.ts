import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What goes wrong with one request; `drop_after` loses the answer of a request that was carried out. */
export type SyncFault = 'none' | 'drop_before' | 'drop_after' | 'status_503' | 'html' | 'other_json' | 'half_json' | 'hang';
export type SyncVerb = 'begin' | 'heartbeat' | 'end' | 'read' | 'list' | 'hold' | 'release';

export interface SyncCall {
  readonly verb: SyncVerb;
  readonly body: Readonly<Record<string, unknown>>;
  readonly key: string | undefined;
  readonly atMs: number;
}

interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

type State = 'IN_SERVICE' | 'WAITING' | 'ADDING' | 'DRAINING' | 'SYNCING' | 'VERIFYING' | 'HELD' | 'LAPSED';

export interface SyncServer {
  readonly url: string;
  /** What was carried out, in order: `begin 1`, `SYNCING 1`, `end 1 success`, … with the fence. */
  readonly history: string[];
  readonly calls: SyncCall[];
  state: State;
  fence: number;
  /** Heartbeats that find no slot yet, and then those that find the caches not over yet. */
  waits: number;
  drains: number;
  /** Reads that find no verdict yet, and then the verdict. */
  verifies: number;
  verdict: 'IN_SERVICE' | 'HELD';
  leaseMs: number;
  retryAfterMs: number;
  cancel: boolean;
  fault: (verb: SyncVerb, nth: number) => SyncFault;
  /** Called before a request is carried out, and after it and before its reply. */
  onCall: (side: 'before' | 'after', nth: number) => void;
  /** Answers every begin with this instead. */
  refusal: Reply | undefined;
  /** Whoever else began, or judged: every fence until now is lost. */
  lose: () => void;
  close: () => Promise<void>;
}

const VERBS: readonly (readonly [RegExp, SyncVerb])[] = [
  [/^POST \/api\/v1\/hosts\/[^/]+\/categories\/[^/]+\/syncs$/, 'begin'],
  [/^POST \/api\/v1\/syncs\/[^/]+\/heartbeat$/, 'heartbeat'],
  [/^POST \/api\/v1\/syncs\/[^/]+\/end$/, 'end'],
  [/^GET \/api\/v1\/syncs\/[^/]+$/, 'read'],
  [/^GET \/api\/v1\/hosts\/[^/]+\/syncs$/, 'list'],
  [/^POST \/api\/v1\/hosts\/[^/]+\/categories\/[^/]+\/hold$/, 'hold'],
  [/^POST \/api\/v1\/hosts\/[^/]+\/categories\/[^/]+\/release$/, 'release'],
];

const ACTIVE: readonly State[] = ['WAITING', 'ADDING', 'DRAINING', 'SYNCING', 'LAPSED'];

/** The interface of synchronisations in the smallest form that keeps its promises, for one host and category. */
export async function syncServer(): Promise<SyncServer> {
  let key: string | undefined;
  const sockets = new Set<ServerResponse>();
  const shown = (): Readonly<Record<string, unknown>> => ({
    syncId: `mirror-1~fedora~${handle.fence}`,
    host: 'mirror-1',
    category: 'fedora',
    fence: handle.fence,
    state: handle.state === 'ADDING' ? 'SYNCING' : handle.state,
    mode: 'full',
    leaseUntilMs: Date.now() + handle.leaseMs,
    ...(handle.state === 'WAITING' ? { position: handle.waits } : {}),
    ...(handle.state === 'WAITING' || handle.state === 'DRAINING' ? { retryAfterMs: handle.retryAfterMs } : {}),
    ...(handle.state === 'HELD' ? { reason: 'half of it is gone' } : {}),
    cancel: handle.cancel,
  });
  const become = (state: State): void => {
    if (state !== handle.state) handle.history.push(`${state} ${handle.fence}`);
    handle.state = state;
  };
  const advance = (): void => {
    if (handle.waits > 0) {
      become('WAITING');
      handle.waits -= 1;
    } else if (handle.drains > 0) {
      become('DRAINING');
      handle.drains -= 1;
    } else become('SYNCING');
  };
  const ok = (status = 200): Reply => ({ status, body: shown() });
  const lost: Reply = { status: 409, body: { kind: 'lost', value: 'stop it, and begin anew' } };

  const begin = (body: SyncCall['body'], given: string | undefined): Reply => {
    if (handle.refusal !== undefined) return handle.refusal;
    if (given !== undefined && given === key) return ok(handle.state === 'WAITING' ? 202 : 201);
    if (ACTIVE.includes(handle.state)) return { status: 409, body: { kind: 'sync_active', value: 'another one', ...shown() } };
    key = given;
    handle.fence += 1;
    handle.history.push(`begin ${handle.fence}`);
    if (body['mode'] === 'additive') become('ADDING');
    else advance();
    return ok(handle.state === 'WAITING' ? 202 : 201);
  };
  const heartbeat = (body: SyncCall['body']): Reply => {
    if (body['fence'] !== handle.fence || !ACTIVE.includes(handle.state)) return lost;
    if (handle.state === 'ADDING' && body['phase'] !== 'destructive') return ok();
    if (handle.state !== 'SYNCING') advance();
    return ok();
  };
  const end = (body: SyncCall['body']): Reply => {
    if (body['fence'] !== handle.fence) return lost;
    if (ACTIVE.includes(handle.state)) {
      handle.history.push(`end ${handle.fence} ${String(body['outcome'])}`);
      become(handle.state === 'WAITING' || handle.state === 'ADDING' ? 'IN_SERVICE' : 'VERIFYING');
    }
    return ok();
  };
  const read = (fence: number): Reply => {
    if (fence !== handle.fence) return lost;
    if (handle.state === 'VERIFYING' && handle.verifies === 0) become(handle.verdict);
    if (handle.state === 'VERIFYING') handle.verifies -= 1;
    return ok();
  };
  const replyTo = (call: SyncCall, path: string): Reply => {
    switch (call.verb) {
      case 'begin':
        return begin(call.body, call.key);
      case 'heartbeat':
        return heartbeat(call.body);
      case 'end':
        return end(call.body);
      case 'read':
        return read(Number(path.split('~').at(-1)));
      case 'list':
        return { status: 200, body: { host: 'mirror-1', syncs: [{ ...shown(), sinceMs: Date.now() - 61_000 }] } };
      case 'hold':
      case 'release':
        become(call.verb === 'hold' ? 'HELD' : 'VERIFYING');
        return ok();
    }
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const path = decodeURIComponent(request.url ?? '');
    const verb = VERBS.find(([pattern]) => pattern.test(`${request.method} ${path}`))?.[1];
    if (verb === undefined) return void response.writeHead(404).end('{"kind":"unknown_path"}');
    const given = request.headers['idempotency-key'];
    const call: SyncCall = {
      verb,
      body: text === '' ? {} : (JSON.parse(text) as SyncCall['body']),
      key: typeof given === 'string' ? given : undefined,
      atMs: Date.now(),
    };
    const nth = handle.calls.push(call);
    handle.onCall('before', nth);
    const fault = handle.fault(verb, nth);
    if (fault === 'drop_before') return void request.socket.destroy();
    if (fault === 'hang') return void sockets.add(response);
    if (fault === 'status_503') return void response.writeHead(503, { 'retry-after': '0' }).end('<html>Bad Gateway</html>');
    if (fault === 'html') return void response.writeHead(200).end('<html>Please log in</html>');
    if (fault === 'other_json') return void response.writeHead(200).end('{"status":"ok"}');
    const reply = replyTo(call, path);
    handle.onCall('after', nth);
    if (fault === 'drop_after') return void request.socket.destroy();
    const json = JSON.stringify(reply.body);
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end(fault === 'half_json' ? json.slice(0, json.length / 2) : json);
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  const handle: SyncServer = {
    url: '',
    history: [],
    calls: [],
    state: 'IN_SERVICE',
    fence: 0,
    waits: 0,
    drains: 0,
    verifies: 0,
    verdict: 'IN_SERVICE',
    leaseMs: 60_000,
    retryAfterMs: 20,
    cancel: false,
    fault: () => 'none',
    onCall: () => {},
    refusal: undefined,
    lose: () => {
      handle.fence += 1;
      become('VERIFYING');
      handle.history.push(`lose ${handle.fence}`);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(handle, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}
