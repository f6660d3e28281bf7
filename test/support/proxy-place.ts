import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { dynamoProxiedCopies } from '#adapters/aws/dynamo-proxied-copies.ts';
import type { Bucket } from '#adapters/aws/s3-object.ts';
import { s3ProxiedBytes } from '#adapters/aws/s3-proxied-bytes.ts';
import { byPolicy } from '#adapters/net/by-policy.ts';
import { policyHttpPeer } from '#adapters/net/policy-http-peer.ts';
import type { ProxyVolume } from '#domain/content/content-rules.ts';
import type { CrawlPolicy } from '#domain/inventory/inventory.ts';
import type { ProxyQuestion } from '../../functions/content/content.ts';
import type { ContentReply } from '../../functions/content/content-reply.ts';
import { type ProxyDeps, type ProxyMetric, proxyDeps } from '../../functions/content/proxy/proxy-deps.ts';
import { serveProxy } from '../../functions/content/proxy/serve-proxy.ts';
import { freshBucket, freshTable } from '../contract/places.ts';
import { textOf } from './content-setup.ts';
import type { EmulatorsInTest } from './emulators.ts';
import { memoryLog } from './memory-stores.ts';

/** Servers of tests are on this machine, at any port. */
export const LOCAL_CRAWL: CrawlPolicy = {
  contact: 'admin@example.org',
  allowedAddresses: ['127.0.0.0/8'],
  allowedPorts: 'any',
  requestsPerCheck: 100,
  connectionsPerHost: 8,
};

export const aProxy = (upstream: string, more: Partial<ProxyVolume> = {}): ProxyVolume => ({
  id: 'p',
  mount: 'p',
  type: 'files',
  upstream,
  fileHosts: [],
  immutable: [],
  freshMs: 600_000,
  staleMs: 86_400_000,
  maximumBytes: 50_000_000,
  ...more,
});

type Asked = Partial<ProxyQuestion['headers']> & { readonly method?: 'GET' | 'HEAD'; readonly crawl?: CrawlPolicy };

/** One running function. */
export interface Instance {
  readonly deps: ProxyDeps;
  readonly counted: readonly ProxyMetric[];
  ask(volume: ProxyVolume, path: string, asked?: Asked): Promise<ContentReply>;
}

export interface ProxyTestPlace {
  readonly bucket: Bucket;
  /** Moves the clock of all instances. */
  pass(ms: number): void;
  instance(change?: (deps: ProxyDeps) => ProxyDeps): Instance;
  loseBytes(sha256: string): Promise<void>;
}

export interface ProxyPlaceOptions {
  /** Larger files go through the disk. */
  readonly mostInMemory?: number;
}

/** A table and a bucket that several functions share, whose pauses pass at once. */
export const proxyTestPlace = async (
  emulators: EmulatorsInTest,
  { mostInMemory }: ProxyPlaceOptions = {},
): Promise<ProxyTestPlace> => {
  const table = await freshTable(emulators.dynamoDb(), emulators.freshName('volumes'), 'pk', 'sk');
  const bucket = { client: emulators.s3(), name: await freshBucket(emulators) };
  let passedMs = 0;
  const clock = { now: () => Date.now() + passedMs };
  return {
    bucket,
    pass: (ms) => {
      passedMs += ms;
    },
    instance: (change = (deps) => deps) => {
      const counted: ProxyMetric[] = [];
      const deps = change(
        proxyDeps({
          copies: dynamoProxiedCopies(emulators.dynamoDb(), table),
          bytes: s3ProxiedBytes(bucket, mostInMemory),
          peer: byPolicy(policyHttpPeer),
          clock,
          pause: async (ms) => {
            passedMs += ms;
          },
          newId: randomUUID,
          log: memoryLog(),
          count: (metric) => counted.push(metric),
        }),
      );
      return {
        deps,
        counted,
        ask: (volume, path, { method = 'GET', crawl = LOCAL_CRAWL, ...headers } = {}) => {
          const none = { ifNoneMatch: undefined, range: undefined, ifRange: undefined, accept: undefined };
          const placeMount = `/${volume.mount}`;
          return serveProxy(deps, { volume, method, path, headers: { ...none, ...headers }, placeMount, crawl });
        },
      };
    },
    loseBytes: async (sha256) =>
      void (await bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: `proxy/${sha256}` }))),
  };
};

/** What a client sees of a small answer. */
export const seen = (reply: ContentReply): readonly [number, string | undefined, string] => [
  reply.status,
  reply.headers['x-mirrortide-proxy'],
  textOf(reply),
];
