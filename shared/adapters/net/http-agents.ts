import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { type AddressGuard, AddressRefused } from './address-guard.ts';

export interface HttpAgentsOptions {
  readonly guard: AddressGuard;
  readonly maxSocketsPerHost: number;
  /** PEM; replaces the built-in authorities. */
  readonly certificateAuthorities?: readonly string[] | undefined;
}

export interface HttpAgents {
  /** The agent for a protocol; `fresh` never hands out a connection that was used before. */
  pick(protocol: string, fresh: boolean): HttpAgent;
  close(): void;
}

// Servers close idle connections after 5 s (Apache) to 75 s (nginx); an earlier end on our side avoids most lost requests.
const IDLE_CONNECTION_MS = 4_000;

/**
 * Looks at the address of every new connection before the first byte is written. `lookup` has seen it already; this is for the
 * address that was connected in truth, whatever came between.
 */
const guarded = (agent: HttpAgent, guard: AddressGuard): HttpAgent => {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const stream = connect(options, callback);
    if (stream === null || stream === undefined) return stream;
    const socket = stream as Socket;
    socket.prependOnceListener('connect', () => {
      const verdict = guard.check(socket.remoteAddress ?? '');
      if (!verdict.allowed) socket.destroy(new AddressRefused(`${socket.remoteAddress}`, verdict.reason));
    });
    return socket;
  };
  return agent;
};

export const httpAgents = (options: HttpAgentsOptions): HttpAgents => {
  const { guard, maxSocketsPerHost } = options;
  const shared = { lookup: guard.lookup, maxSockets: maxSocketsPerHost };
  const kept = { ...shared, keepAlive: true, maxFreeSockets: maxSocketsPerHost, timeout: IDLE_CONNECTION_MS };
  // Explicit, because NODE_TLS_REJECT_UNAUTHORIZED must not open this door.
  const tls = {
    rejectUnauthorized: true,
    ...(options.certificateAuthorities === undefined ? {} : { ca: [...options.certificateAuthorities] }),
  };
  const agents = {
    'http:': { kept: guarded(new HttpAgent(kept), guard), fresh: guarded(new HttpAgent(shared), guard) },
    'https:': {
      kept: guarded(new HttpsAgent({ ...kept, ...tls }), guard),
      fresh: guarded(new HttpsAgent({ ...shared, ...tls }), guard),
    },
  };
  return {
    pick: (protocol, fresh) => agents[protocol === 'https:' ? 'https:' : 'http:'][fresh ? 'fresh' : 'kept'],
    close: () => {
      for (const pair of Object.values(agents)) for (const agent of Object.values(pair)) agent.destroy();
    },
  };
};
