import * as http from 'node:http';
import * as https from 'node:https';
import type { Readable } from 'node:stream';

export interface StreamedRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a PUT: all of it, or a stream that gives exactly what content-length says. */
  readonly body?: Buffer | (() => Readable);
  readonly stop: AbortSignal;
}

export interface StreamedAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** To be read to its end, or destroyed. */
  readonly body: http.IncomingMessage;
}

export type SendRequest = (request: StreamedRequest) => Promise<StreamedAnswer>;

export interface RequestPace {
  /** Nothing moved for so long: the peer is given up. */
  readonly stallMs: number;
  /** How long a server may take to say that it wants the body; those that never say so get it then. */
  readonly continueMs: number;
}

const PACE: RequestPace = { stallMs: 60_000, continueMs: 2_000 };

/**
 * Requests with bodies that are not in memory, over connections that are kept for the next one. The answer may come before all of the
 * body was sent: what follows of it is given up then.
 */
export const requestSender = (connections: number, pace = PACE): SendRequest => {
  const kept = { keepAlive: true, maxSockets: connections };
  const agents = { 'http:': new http.Agent(kept), 'https:': new https.Agent({ ...kept, minVersion: 'TLSv1.2' }) };
  return ({ method, url, headers, body, stop }) =>
    new Promise((resolve, reject) => {
      const isHttps = url.protocol === 'https:';
      const options = { method, headers: { ...headers }, agent: agents[isHttps ? 'https:' : 'http:'], signal: stop };
      const request = isHttps ? https.request(url, options) : http.request(url, options);
      request.setTimeout(pace.stallMs, () => void request.destroy(new Error(`nothing moved for ${pace.stallMs} ms`)));
      request.on('error', reject);
      request.on('response', (response) => {
        response.on('error', () => {});
        if (!request.writableEnded) response.on('end', () => void request.destroy());
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response });
      });
      if (typeof body !== 'function') request.end(body);
      else if (headers['expect'] === undefined) pour(body(), request);
      else whenWanted(request, pace.continueMs, () => pour(body(), request));
    });
};

/** With `Expect: 100-continue` a server can refuse before gigabytes were sent to it. */
function whenWanted(request: http.ClientRequest, continueMs: number, begin: () => void): void {
  const timer = setTimeout(() => proceed(), continueMs);
  const cancel = (): void => clearTimeout(timer);
  const proceed = (): void => {
    cancel();
    request.off('continue', proceed);
    begin();
  };
  request.on('continue', proceed);
  request.on('response', cancel);
  request.on('error', cancel);
  request.flushHeaders();
}

function pour(body: Readable, request: http.ClientRequest): void {
  body.on('error', (error) => void request.destroy(error));
  request.on('close', () => void body.destroy());
  body.pipe(request);
}
