import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NetworkContent } from '#ports/content-rules-store.ts';
import { type ContentDeps, content } from '../../functions/content/content.ts';
import type { ContentReply } from '../../functions/content/content-reply.ts';
import { heldRules } from '../../functions/content/held-rules.ts';
import { releaseTrees } from '../../functions/content/release-trees.ts';
import { volumeReleases } from '../../functions/content/volume-releases.ts';
import type { VolumesSetup } from './volumes-setup.ts';

export interface ContentServer {
  readonly url: string;
  readonly asked: string[];
  /** In the place of what the function says. */
  instead: (path: string) => ContentReply | undefined;
  readonly close: () => Promise<void>;
}

const OBJECT = /^\/_o\/sha256\/([0-9a-f]{64})\//;
const MOST_BYTES = 64 * 2 ** 20;
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** What clients see of the volumes: the function, and the objects beside it as the CDN has them, with S3's own tags. */
export const contentServer = async ({ api, volumes, clock: time }: VolumesSetup): Promise<ContentServer> => {
  const clock = { now: () => time.nowMs };
  const deps: ContentDeps = {
    rules: heldRules({ read: () => api.content.read() as Promise<NetworkContent> }, clock, quiet),
    releases: volumeReleases({ store: volumes, clock, log: quiet }),
    trees: releaseTrees(api.objects.read),
    objects: api.objects as ContentDeps['objects'],
    clock,
    log: quiet,
    serveProxy: async () => ({ status: 404, headers: {}, body: new Uint8Array() }),
  };
  const objectReply = async (sha256: string): Promise<ContentReply> => {
    const body = await api.objects.read(sha256, MOST_BYTES);
    return { status: body === undefined ? 404 : 200, headers: { etag: '"0123"' }, body: body ?? new Uint8Array() };
  };
  const server = createServer(async ({ method = '', url = '', headers }, response) => {
    it.asked.push(`${method} ${url}`);
    const [, sha256] = OBJECT.exec(url) ?? [];
    const single = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    const asked = { method, path: url, headers: single };
    const reply = it.instead(url) ?? (sha256 === undefined ? await content(deps, asked) : await objectReply(sha256));
    response.writeHead(reply.status, { 'content-length': String(reply.body.length), ...reply.headers });
    response.end(method === 'HEAD' ? undefined : reply.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const it: ContentServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    instead: () => undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return it;
};
