import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';

export interface CountingProxy {
  readonly url: string;
  /** Requests that arrived, by their methods. */
  readonly counts: Record<string, number>;
  /** Before each request goes on; one that is held never does. */
  onRequest: (method: string, url: string) => 'on' | 'hold' | 'lose';
  readonly close: () => Promise<void>;
}

/** Stands before a service on this machine. The name of the host that was asked stays as it is, so signatures stay good. */
export const countingProxy = async (target: string): Promise<CountingProxy> => {
  const { hostname, port } = new URL(target);
  const counts: Record<string, number> = {};

  const forward = (asked: IncomingMessage, response: ServerResponse): void => {
    const { method = '', url = '', headers } = asked;
    counts[method] = (counts[method] ?? 0) + 1;
    const fate = it.onRequest(method, url);
    if (fate === 'hold') return;
    if (fate === 'lose') return void asked.socket.destroy();
    const onward = request({ hostname, port, method, path: url, headers }, (answer) => {
      // Whoever asked may be gone by now.
      if (response.destroyed) return void answer.destroy();
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      pipeline(answer, response, () => {});
    });
    onward.on('error', () => void response.destroy());
    pipeline(asked, onward, () => {});
  };
  const server = createServer(forward);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const it: CountingProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    onRequest: () => 'on',
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return it;
};
