import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startVolumeNetwork } from '../../test/support/volume-network.ts';

export interface Origin {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Of the artefact. */
  readonly path: string;
  /** What says the artefact's digest; undefined where the artefact says it itself. */
  readonly checksumPath: string | undefined;
  /** Bodies only, counted where the edge asks. */
  served(): { readonly requests: number; readonly bytes: number };
  stop(): Promise<void>;
}

const listening = async (listener: RequestListener): Promise<{ readonly server: Server; readonly url: string }> => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

/** A plain web server with the artefact and its checksum beside it. */
export async function startPlainOrigin(artefact: Buffer): Promise<Origin> {
  const list = `${createHash('sha256').update(artefact).digest('hex')}  app.tgz\n`;
  const modified = new Date(Math.floor(Date.now() / 1_000) * 1_000).toUTCString();
  const counted = { requests: 0, bytes: 0 };
  const { server, url } = await listening((request, response) => {
    const body = request.url?.endsWith('.sha256') === true ? Buffer.from(list) : artefact;
    counted.requests += 1;
    counted.bytes += body.length;
    response.writeHead(200, { 'content-length': body.length, 'last-modified': modified, etag: `"${body.length}"` }).end(body);
  });
  return {
    url,
    path: '/app.tgz',
    checksumPath: '/app.tgz.sha256',
    served: () => ({ ...counted }),
    stop: async () => void server.close(),
  };
}

const NETWORK = `
network: { name: bench, contact: bench@mirrors.invalid }
content:
  volumes: [{ id: tools, type: files, roles: { publishers: [ann], releasers: [ann], operators: [ann] } }]
`;

/** The whole system with the artefact in a volume, and a counter in front of it. */
export async function startContentOrigin(artefact: Buffer): Promise<Origin> {
  const network = await startVolumeNetwork(NETWORK, ['ann']);
  const folder = await mkdtemp(join(tmpdir(), 'mirrortide-bench-tree-'));
  await mkdir(join(folder, 'tree'));
  await writeFile(join(folder, 'tree/app.tgz'), artefact);
  const published = await network.mirrortide('ann', 'publish', 'tools', join(folder, 'tree'), '--release');
  if (published.exitCode !== 0) throw new Error(published.stderr);
  const counted = { requests: 0, bytes: 0 };
  const { server, url } = await listening((request, response) => {
    counted.requests += 1;
    const asked = httpRequest(`${network.url}${request.url}`, { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('data', (chunk: Buffer) => {
        counted.bytes += chunk.length;
      });
      answer.pipe(response);
    });
    asked.on('error', () => response.destroy());
    request.pipe(asked);
  });
  return {
    url,
    path: '/tools/app.tgz',
    checksumPath: undefined,
    served: () => ({ ...counted }),
    stop: async () => {
      server.close();
      await network.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
