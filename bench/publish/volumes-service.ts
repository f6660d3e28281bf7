// The functions of volumes behind HTTP on the emulators, as a publisher meets them, with every request counted where it arrives: calls of
// the API, uploads to the store, and what the functions ask of the store themselves.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { dynamoUpstreamChecks } from '#adapters/aws/dynamo-upstream-checks.ts';
import { dynamoVolumeDooms } from '#adapters/aws/dynamo-volume-dooms.ts';
import { dynamoVolumeStore } from '#adapters/aws/dynamo-volume-store.ts';
import { dynamoVolumeSweeps } from '#adapters/aws/dynamo-volume-sweeps.ts';
import { s3VolumeObjects } from '#adapters/aws/s3-volume-objects.ts';
import { s3VolumeUploads } from '#adapters/aws/s3-volume-uploads.ts';
import { nodeDecompress } from '#adapters/node/node-decompress.ts';
import { nodeDigester } from '#adapters/node/node-digester.ts';
import { DEFAULT_ACCESS_POLICY } from '#domain/inventory/access-policy.ts';
import type { CrawlPolicy } from '#domain/inventory/inventory.ts';
import type { VolumeWork } from '#ports/volume-work.ts';
import { type CheckWork, checkRelease } from '../../functions/check-release/check-release.ts';
import { volumesApi } from '../../functions/volumes-api/volumes-api.ts';
import { startEmulators } from '../../local/emulators/start-emulators.ts';
import { localClients, provision } from '../../local/runtime/provision.ts';
import { QUEUE_VISIBILITY } from '../../local/runtime/stage-functions.ts';
import { aVolume } from '../../test/support/a-volume.ts';
import { countingProxy } from '../../test/support/counting-proxy.ts';

export interface Requests {
  readonly apiCalls: number;
  readonly uploads: number;
  /** Of the functions to the store. */
  readonly storeReads: number;
}

export interface VolumesService {
  readonly url: string;
  /** A client of the store of whoever compares, and its bucket. */
  readonly store: { readonly client: S3Client; readonly name: string };
  readonly requests: () => Requests;
  readonly stop: () => Promise<void>;
}

const CRAWL: CrawlPolicy = {
  contact: 'bench',
  allowedAddresses: [],
  allowedPorts: 'any',
  requestsPerCheck: 1,
  connectionsPerHost: 1,
};
const USER = 'publisher';
const VOLUMES = ['packages', 'empty'] as const;

const sumOf = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((sum, one) => sum + one, 0);

export const startVolumesService = async (): Promise<VolumesService> => {
  const emulators = await startEmulators({});
  const clients = localClients(emulators);
  const { volumeTable, contentBucket: name } = await provision(emulators, clients, QUEUE_VISIBILITY);
  const [uploads, reads] = [await countingProxy(emulators.s3Endpoint), await countingProxy(emulators.s3Endpoint)];
  const s3At = (endpoint: string): S3Client =>
    new S3Client({ region: emulators.region, credentials: { ...emulators.credentials }, endpoint, forcePathStyle: true });
  const [signing, asking] = [s3At(uploads.url), s3At(reads.url)];

  const roles = { publishers: [USER], releasers: [USER], operators: [USER] };
  const rules = { names: { domain: undefined, places: [] }, volumes: VOLUMES.map((id) => aVolume(id, { roles })), proxies: [] };
  const read = async () => ({ rules, access: DEFAULT_ACCESS_POLICY, crawl: CRAWL });
  const failures: unknown[] = [];
  const failed = (message: string, fields?: Readonly<Record<string, unknown>>): void => void failures.push([message, fields]);
  const shared = {
    content: { read },
    volumes: dynamoVolumeStore(clients.dynamoDb, volumeTable),
    dooms: dynamoVolumeDooms(clients.dynamoDb, volumeTable, { now: Date.now }),
    objects: s3VolumeObjects({ client: asking, name }),
    clock: { now: Date.now },
    log: { info: () => undefined, warn: failed, error: failed },
  };
  const check = { ...shared, decompress: nodeDecompress, digester: nodeDigester, pause: (ms: number) => pause(ms) };
  const checkQueue = {
    send: async (work: VolumeWork): Promise<void> => {
      // As behind a queue: whoever sealed does not wait for it.
      void checkRelease(check, work as CheckWork).catch((error: unknown) => failures.push(error));
    },
  };
  const nobody = { send: async (): Promise<void> => undefined };
  const api = {
    ...shared,
    uploads: s3VolumeUploads({ client: signing, name }),
    upstreams: dynamoUpstreamChecks(clients.dynamoDb, volumeTable),
    sweeps: dynamoVolumeSweeps(clients.dynamoDb, volumeTable),
    checkQueue,
    updateQueue: nobody,
    sweepQueue: nobody,
    newId: randomUUID,
  };

  let apiCalls = 0;
  const server = createServer(async (request, response) => {
    apiCalls += 1;
    const { method = '', url = '', headers } = request;
    const [path = '', query = ''] = url.split('?');
    const single = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, String(value)]));
    const call = { method, path, query, headers: single, body: await text(request), claims: { sub: USER } };
    const place = { arrivedMs: Date.now(), sourceIp: '127.0.0.1', certificateSubject: undefined };
    const reply = await volumesApi(api, { ...call, ...place });
    response.writeHead(reply.statusCode, reply.headers).end(reply.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    store: { client: clients.s3, name },
    requests: () => ({ apiCalls, uploads: sumOf(uploads.counts), storeReads: sumOf(reads.counts) }),
    async stop() {
      server.closeAllConnections();
      server.close();
      await Promise.all([uploads.close(), reads.close()]);
      for (const client of [clients.dynamoDb, clients.s3, clients.sqs, signing, asking]) client.destroy();
      await emulators.stop();
      if (failures.length > 0) throw new Error(`the functions complained: ${JSON.stringify(failures[0])}`);
    },
  };
};
