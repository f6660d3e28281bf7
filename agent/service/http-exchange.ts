import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface HttpLimits {
  /** Name look-up, TCP and TLS together. */
  readonly connectMs: number;
  /** From the call to the last byte. */
  readonly totalMs: number;
  /** 1 MiB unless something else is said. */
  readonly answerBytes?: number;
}

/** Files, read at every call: certificates are renewed while the agent waits for its turn. */
export interface TlsFiles {
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  readonly ca: string | undefined;
}

const MAX_ANSWER_BYTES = 1 << 20;

/** One request and its answer, whatever its status; rejects when there is none in time. Redirects are answers like others. */
export function httpExchange(call: HttpCall, limits: HttpLimits, tls: TlsFiles): Promise<HttpAnswer> {
  const answerBytes = limits.answerBytes ?? MAX_ANSWER_BYTES;
  return new Promise((resolve, reject) => {
    const request = open(call, tls);
    const fail = (reason: string): void => void request.destroy(new Error(reason));
    const connecting = setTimeout(() => fail(`no connection within ${limits.connectMs} ms`), limits.connectMs);
    const total = setTimeout(() => fail(`no answer within ${limits.totalMs} ms`), limits.totalMs);
    const settle = (): void => {
      clearTimeout(connecting);
      clearTimeout(total);
    };
    request.on('socket', (socket) => whenConnected(socket, call.url, () => clearTimeout(connecting)));
    request.on('error', (error) => {
      settle();
      reject(error);
    });
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > answerBytes) fail(`the answer is larger than ${answerBytes} bytes`);
        else chunks.push(chunk);
      });
      response.on('error', (error) => request.destroy(error));
      response.on('aborted', () => fail('the connection ended in the middle of the answer'));
      response.on('end', () => {
        settle();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString('utf8') });
      });
    });
    request.end(call.body);
  });
}

function open(call: HttpCall, tls: TlsFiles): http.ClientRequest {
  const options = { method: call.method, headers: { ...call.headers }, agent: false } as const;
  if (!call.url.startsWith('https:')) return http.request(call.url, options);
  return https.request(call.url, {
    ...options,
    minVersion: 'TLSv1.2',
    ...(tls.certificate === undefined ? {} : { cert: readFileSync(tls.certificate) }),
    ...(tls.key === undefined ? {} : { key: readFileSync(tls.key) }),
    ...(tls.ca === undefined ? {} : { ca: readFileSync(tls.ca) }),
  });
}

function whenConnected(socket: Socket, url: string, connected: () => void): void {
  if (url.startsWith('https:')) (socket as TLSSocket).once('secureConnect', connected);
  else socket.once('connect', connected);
}
