import { connect } from 'node:net';

export interface RawAnswer {
  /** Status line and headers, as sent. */
  readonly head: string;
  /** As sent, not decompressed. */
  readonly body: Buffer;
}

const LIMIT_MS = 20_000;

/** Sends exactly these lines as an HTTP/1.1 request for `target`, with nothing added but `Connection: close`. */
export const rawRequest = (server: string, target: string, headers: readonly string[]): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server);
    const socket = connect(Number(port), hostname);
    const pieces: Buffer[] = [];
    socket.setTimeout(LIMIT_MS, () => socket.destroy(new Error(`no answer to ${target} within ${LIMIT_MS} ms`)));
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.on('error', reject);
    socket.on('end', () => {
      const all = Buffer.concat(pieces);
      const end = all.indexOf('\r\n\r\n');
      resolve({ head: all.subarray(0, end).toString('latin1'), body: all.subarray(end + 4) });
    });
    socket.write([`GET ${target} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n'));
  });
