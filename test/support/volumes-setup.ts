import { dynamoUpstreamChecks } from '#adapters/aws/dynamo-upstream-checks.ts';
import { dynamoVolumeDooms } from '#adapters/aws/dynamo-volume-dooms.ts';
import { dynamoVolumeStore } from '#adapters/aws/dynamo-volume-store.ts';
import { dynamoVolumeSweeps } from '#adapters/aws/dynamo-volume-sweeps.ts';
import { s3VolumeObjects } from '#adapters/aws/s3-volume-objects.ts';
import { s3VolumeUploads } from '#adapters/aws/s3-volume-uploads.ts';
import { nodeDecompress } from '#adapters/node/node-decompress.ts';
import { nodeDigester } from '#adapters/node/node-digester.ts';
import { DEFAULT_ACCESS_POLICY } from '#domain/inventory/access-policy.ts';
import type { Volume } from '#domain/volume/volume.ts';
import type { Log } from '#ports/log.ts';
import type { UpstreamChecks } from '#ports/upstream-checks.ts';
import type { VolumeDooms } from '#ports/volume-dooms.ts';
import type { VolumeStore } from '#ports/volume-store.ts';
import type { VolumeSweeps } from '#ports/volume-sweeps.ts';
import type { VolumeWork } from '#ports/volume-work.ts';
import type { HttpCall, HttpReply } from '#wire/api/http-call.ts';
import type { CheckReleaseDeps } from '../../functions/check-release/check-deps.ts';
import { type CheckOutcome, type CheckWork, checkRelease } from '../../functions/check-release/check-release.ts';
import { volumesApi } from '../../functions/volumes-api/volumes-api.ts';
import type { VolumesApiDeps } from '../../functions/volumes-api/volumes-deps.ts';
import { freshBucket, freshTable } from '../contract/places.ts';
import { aVolume } from './a-volume.ts';
import type { EmulatorsInTest } from './emulators.ts';
import { tableContents } from './table-contents.ts';

const declared = (id: string, fields: Partial<Volume> = {}): Volume =>
  aVolume(id, { roles: { publishers: ['ann', 'group:ci'], releasers: ['bob'], operators: ['eve'] }, ...fields });

/** Volumes of one team, one of another, one that names nobody. */
export const VOLUMES: readonly Volume[] = [
  declared('tools'),
  declared('docs'),
  declared('wheels', { type: 'wheel', mount: 'wheel/any' }),
  declared('copy', { upstream: { kind: 'http', url: 'https://up.example.org', excludes: [], everyMs: 1, release: true } }),
  declared('theirs', { roles: { publishers: ['dan'], releasers: ['dan'], operators: ['dan'] } }),
  declared('closed', { roles: { publishers: [], releasers: [], operators: [] } }),
];

const GROUPS = { wendy: ['wranglers'], robot: ['staff', 'ci'] } as const;
export const PEOPLE = ['wendy', 'ann', 'robot', 'bob', 'eve', 'dan', 'carol', 'nobody'] as const;
export type Person = (typeof PEOPLE)[number];

export const claimsOf = (who: Person): HttpCall['claims'] =>
  who === 'nobody' ? undefined : { sub: who, groups: who === 'wendy' || who === 'robot' ? GROUPS[who] : ['staff'] };

export interface VolumesSetup {
  readonly api: VolumesApiDeps;
  readonly check: CheckReleaseDeps;
  readonly volumes: VolumeStore;
  readonly dooms: VolumeDooms;
  readonly sweeps: VolumeSweeps;
  readonly upstreams: UpstreamChecks;
  readonly clock: { nowMs: number };
  /** What waits in the queues. */
  readonly queued: { readonly work: VolumeWork; readonly requestId: string }[];
  readonly logged: string[];
  send(call: Partial<HttpCall>): Promise<HttpReply>;
  ask(who: Person, method: string, path: string, body?: unknown): Promise<HttpReply>;
  /** Does the checks that wait in the queue. */
  runChecks(): Promise<readonly CheckOutcome[]>;
  contents(): Promise<string>;
}

const memoryLog = (logged: string[]): Log => {
  const write = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) => {
    const error = fields?.['error'];
    logged.push(`${level} ${message}${error instanceof Error ? ` ${error.stack} ${String(error.cause)}` : ''}`);
  };
  return { info: () => undefined, warn: write('warn'), error: write('error') };
};

/** Both functions over one table and one bucket of the emulators; time moves by itself with each look at the clock. */
export const volumesSetup = async (emulators: EmulatorsInTest): Promise<VolumesSetup> => {
  const dynamo = emulators.dynamoDb({ maxAttempts: 3 });
  const table = await freshTable(dynamo, emulators.freshName('volumes'), 'pk', 'sk');
  const bucket = { client: emulators.s3({ maxAttempts: 3 }), name: await freshBucket(emulators) };
  // Signatures are judged by the emulator's own clock.
  const time = { nowMs: Date.now() };
  const clock = {
    now: () => {
      time.nowMs += 1;
      return time.nowMs;
    },
  };
  const logged: string[] = [];
  const queued: VolumesSetup['queued'] = [];
  const queue = { send: async (work: VolumeWork, requestId: string) => void queued.push({ work, requestId }) };
  const access = { ...DEFAULT_ACCESS_POLICY, administratorGroups: ['wranglers'] };
  const crawl = { contact: 'x', allowedAddresses: [], allowedPorts: 'any', requestsPerCheck: 1, connectionsPerHost: 1 } as const;
  const rules = { names: { domain: undefined, places: [] }, volumes: VOLUMES, proxies: [] };
  const shared = { content: { read: async () => ({ rules, access, crawl }) }, clock, log: memoryLog(logged) };
  const volumes = dynamoVolumeStore(dynamo, table);
  const dooms = dynamoVolumeDooms(dynamo, table, clock);
  const objects = s3VolumeObjects(bucket);
  const sweeps = dynamoVolumeSweeps(dynamo, table);
  const upstreams = dynamoUpstreamChecks(dynamo, table);
  let ids = 0;
  const newId = () => {
    ids += 1;
    return `id-${ids}`;
  };
  const queues = { checkQueue: queue, updateQueue: queue, sweepQueue: queue };
  const uploads = s3VolumeUploads(bucket);
  const api: VolumesApiDeps = { ...shared, ...queues, volumes, dooms, objects, sweeps, upstreams, uploads, newId };
  const ports = { decompress: nodeDecompress, digester: nodeDigester };
  const pause = async (ms: number): Promise<void> => {
    time.nowMs += ms;
  };
  const check: CheckReleaseDeps = { ...shared, ...ports, volumes, dooms, objects, pause };
  const send = (call: Partial<HttpCall>): Promise<HttpReply> =>
    volumesApi(api, {
      method: 'GET',
      path: '/',
      query: '',
      headers: {},
      body: '',
      arrivedMs: 0,
      sourceIp: '192.0.2.1',
      certificateSubject: undefined,
      claims: undefined,
      ...call,
    });
  return {
    api,
    check,
    volumes,
    dooms,
    sweeps,
    upstreams,
    clock: time,
    queued,
    logged,
    send,
    ask: (who, method, path, body) => {
      const [pathname = '', query = ''] = path.split('?');
      return send({
        method,
        path: `/api/v1${pathname}`,
        query,
        claims: claimsOf(who),
        body: body === undefined ? '' : JSON.stringify(body),
      });
    },
    runChecks: async () => {
      const outcomes: CheckOutcome[] = [];
      for (const { work } of queued.splice(0)) outcomes.push(await checkRelease(check, work as CheckWork));
      return outcomes;
    },
    contents: async () => (await tableContents(dynamo, table)).toSorted().join('\n'),
  };
};

export const replyOf = ({ statusCode, body }: HttpReply): readonly [number, unknown] => [
  statusCode,
  body === '' ? undefined : (JSON.parse(body) as unknown),
];
