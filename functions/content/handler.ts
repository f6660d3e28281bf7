import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { dynamoClient, s3Client } from '#adapters/aws/clients.ts';
import { dynamoContentRules } from '#adapters/aws/dynamo-content-rules.ts';
import { dynamoProxiedCopies } from '#adapters/aws/dynamo-proxied-copies.ts';
import { dynamoVolumeStore } from '#adapters/aws/dynamo-volume-store.ts';
import { s3ProxiedBytes } from '#adapters/aws/s3-proxied-bytes.ts';
import { s3VolumeObjects } from '#adapters/aws/s3-volume-objects.ts';
import { byPolicy } from '#adapters/net/by-policy.ts';
import { policyHttpPeer } from '#adapters/net/policy-http-peer.ts';
import { functionUrl } from '#lambda/function-url.ts';
import { jsonLog } from '#lambda/json-log.ts';
import { metric } from '#lambda/metrics.ts';
import { parseConfig } from './config.ts';
import { content } from './content.ts';
import { heldRules } from './held-rules.ts';
import { type ProxyMetric, proxyDeps } from './proxy/proxy-deps.ts';
import { serveProxy } from './proxy/serve-proxy.ts';
import { releaseTrees } from './release-trees.ts';
import { volumeReleases } from './volume-releases.ts';

const config = parseConfig(process.env);
const [log, clock, dynamo] = [jsonLog(), { now: Date.now }, dynamoClient({ maxAttempts: 2 })];
const bucket = { client: s3Client(Boolean(process.env['AWS_ENDPOINT_URL_S3'])), name: config.contentBucket };
const objects = s3VolumeObjects(bucket);
const stored = { copies: dynamoProxiedCopies(dynamo, config.volumeTable), bytes: s3ProxiedBytes(bucket) };
const count = (name: ProxyMetric): void => metric(name, 1, 'Count');
const proxies = proxyDeps({ ...stored, peer: byPolicy(policyHttpPeer), clock, pause, newId: randomUUID, log, count });
const rules = heldRules(dynamoContentRules(dynamo, config.inventoryTable, clock), clock, log);
const releases = volumeReleases({ store: dynamoVolumeStore(dynamo, config.volumeTable), clock, log });
const deps = { rules, releases, trees: releaseTrees(objects.read), objects, clock, log };

export const handler = functionUrl((request) =>
  content({ ...deps, serveProxy: (question) => serveProxy(proxies, question) }, request),
);
