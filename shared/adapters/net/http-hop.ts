import { type Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { HttpLimits } from '#ports/http-peer.ts';
import { type HopPhase, HopTimeout } from './http-failure.ts';

export interface Hop {
  readonly method: 'GET' | 'HEAD';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: Agent;
  readonly limits: HttpLimits;
  /** Of the whole exchange with all its hops, on the clock of `performance.now()`. */
  readonly deadlineMs: number;
}

/** The clocks of one hop. Whichever runs out ends the hop with a HopTimeout. */
export interface HopClock {
  /** Restarts the wait for the peer's next move. */
  waiting(text: string, limitMs: number): void;
  /** Stops that wait while the next move is ours; the deadline goes on. */
  ours(): void;
  stop(): void;
}

export type HopOpened =
  | { readonly kind: 'response'; readonly response: IncomingMessage; readonly clock: HopClock }
  | {
      readonly kind: 'error';
      readonly error: unknown;
      readonly phase: HopPhase;
      /** The connection had served another request: it may have died of old age, which says nothing about the peer. */
      readonly reused: boolean;
    };

// Enough for any honest server (nginx sends under 500 bytes); node's parser enforces it for trailers and chunk extensions too.
const MAX_HEADER_BYTES = 16_384;
const MAX_INFORMATIONAL = 8;
// setTimeout treats more as zero.
const MAX_TIMER_MS = 2_147_483_647;

const hopClock = (deadlineMs: number, expire: (error: HopTimeout) => void): HopClock => {
  const after = (text: string, ms: number): NodeJS.Timeout =>
    setTimeout(() => expire(new HopTimeout(text)), Math.min(Math.max(ms, 1), MAX_TIMER_MS));
  const total = after('the whole exchange took too long', deadlineMs - performance.now());
  let wait: NodeJS.Timeout | undefined;
  const ours = (): void => clearTimeout(wait);
  return {
    waiting: (text, limitMs) => {
      ours();
      wait = after(`${text} within ${limitMs} ms`, limitMs);
    },
    ours,
    stop: () => {
      ours();
      clearTimeout(total);
    },
  };
};

const start = (hop: Hop): ClientRequest =>
  (hop.url.protocol === 'https:' ? httpsRequest : httpRequest)(hop.url, {
    method: hop.method,
    headers: hop.headers,
    agent: hop.agent,
    maxHeaderSize: MAX_HEADER_BYTES,
    insecureHTTPParser: false,
  });

/** Follows a new connection through its phases; a connection that was kept is past them. */
const watchSocket = (request: ClientRequest, hop: Hop, clock: HopClock, enter: (phase: HopPhase) => void): void => {
  const talk = (): void => {
    enter('talking');
    clock.waiting('no answer', hop.limits.idleMs);
  };
  request.once('socket', (socket) => {
    if (request.reusedSocket) return talk();
    clock.waiting('no connection', hop.limits.connectMs);
    if (hop.url.protocol !== 'https:') return void socket.once('connect', talk);
    socket.once('connect', () => enter('handshake'));
    socket.once('secureConnect', talk);
  });
};

/** Sends one request and waits for the head of the answer. Never rejects. */
export const openHop = (hop: Hop): Promise<HopOpened> =>
  new Promise((resolve) => {
    let phase: HopPhase = 'connecting';
    let informational = 0;
    const request = start(hop);
    let response: IncomingMessage | undefined;
    const clock = hopClock(hop.deadlineMs, (error) => (response ?? request).destroy(error));
    const end = (error: unknown): void => {
      if (response === undefined) clock.stop();
      resolve({ kind: 'error', error, phase, reused: request.reusedSocket });
    };
    watchSocket(request, hop, clock, (next) => {
      phase = next;
    });
    // Informational answers start the header limit anew, so they need one of their own.
    request.on('information', () => {
      informational += 1;
      if (informational > MAX_INFORMATIONAL) request.destroy(new Error('endless informational answers'));
    });
    // Stays for ever: what a server sends after its answer raises errors here, and they are nobody's business any more.
    request.on('error', end);
    request.once('close', () => end(new Error('connection closed without an answer')));
    request.once('response', (message) => {
      response = message;
      clock.ours();
      resolve({ kind: 'response', response: message, clock });
    });
    request.end();
  });
