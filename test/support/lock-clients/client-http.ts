import { request } from 'node:http';

export interface ClientAnswer {
  readonly status: number;
  readonly text: string;
}

export interface ClientRequest {
  readonly method: string;
  readonly url: string;
  /** Exactly these and `Host`; with `Content-Length` when there is a body. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Each simulated host has an address of its own on the loopback network: 127.0.0.0/8. */
  readonly address: string;
  /** Undefined waits for ever, as `requests` does. */
  readonly timeoutMs: number | undefined;
}

/** Rejects when the connection fails or the time is over: whether the request was carried out is unknown then. */
export const send = (input: ClientRequest): Promise<ClientAnswer> =>
  new Promise((resolve, reject) => {
    const { method, url, headers, body, address, timeoutMs } = input;
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const sent = request(url, { method, headers: { ...headers, ...length }, localAddress: address, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString('utf8') }));
    });
    if (timeoutMs !== undefined) sent.setTimeout(timeoutMs, () => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    sent.on('error', reject);
    sent.end(body);
  });
