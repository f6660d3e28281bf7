import * as http from 'node:http';
import * as https from 'node:https';
import { NetworkProblem } from '../fetch-outcome.ts';

export interface HttpLimits {
  /** Name look-up, TCP, TLS and the head of the answer. */
  readonly connectMs: number;
  readonly stallMs: number;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Ends with NetworkProblem when the body is cut or stalls. To be read once. */
  readonly body: AsyncIterable<Buffer>;
  /** Gives the connection up; may be called at any time, more than once. */
  readonly discard: () => void;
}

/** One GET and the head of its answer, whatever its status; redirects are answers like others. Rejects with NetworkProblem. */
export type OpenHttp = (url: URL, headers: Readonly<Record<string, string>>, limits: HttpLimits) => Promise<HttpReply>;

const LEAST_BYTES = 1_024;

export const openHttp: OpenHttp = (url, headers, limits) =>
  new Promise((resolve, reject) => {
    const options = {
      agent: false,
      headers: { ...headers, 'user-agent': 'mirrortide-fetch', 'accept-encoding': 'identity' },
    } as const;
    const request = url.protocol === 'https:' ? https.get(url, { ...options, minVersion: 'TLSv1.2' }) : http.get(url, options);
    const waiting = setTimeout(() => request.destroy(new Error(`no answer within ${limits.connectMs} ms`)), limits.connectMs);
    // Stays for the whole exchange: a connection that breaks once it is discarded is nobody's trouble.
    request.on('error', (cause) => {
      clearTimeout(waiting);
      reject(new NetworkProblem(`${url.host}: ${cause.message}`, true, { cause }));
    });
    request.on('response', (response) => {
      clearTimeout(waiting);
      response.on('error', () => {});
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: watched(response, url, limits.stallMs),
        discard: () => void request.destroy(),
      });
    });
  });

async function* watched(response: http.IncomingMessage, url: URL, stallMs: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  let seen = 0;
  const watch = setInterval(() => {
    if (bytes - seen < LEAST_BYTES) response.destroy(new Error(`${bytes - seen} bytes in ${stallMs} ms`));
    seen = bytes;
  }, stallMs);
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      yield chunk;
    }
  } catch (cause) {
    throw new NetworkProblem(`${url.host}: the body ended early: ${cause instanceof Error ? cause.message : cause}`, true, {
      cause,
    });
  } finally {
    clearInterval(watch);
    response.destroy();
  }
}
