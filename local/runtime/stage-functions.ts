import { FUNCTION_TIMEOUT_MS as ADMIN_TIMEOUT_MS } from '../../functions/admin-api/config.ts';
import { FUNCTION_TIMEOUT_MS as HOSTS_TIMEOUT_MS } from '../../functions/hosts-api/config.ts';
import { FUNCTION_TIMEOUT_MS as LOCK_TIMEOUT_MS } from '../../functions/lock-api/config.ts';
import { FUNCTION_TIMEOUT_MS as VOLUMES_TIMEOUT_MS } from '../../functions/volumes-api/config.ts';
import { bundleFile } from '../../infra/bundling.ts';
import type { Emulators } from '../emulators/start-emulators.ts';
import type { FunctionDefinition } from './function-instance.ts';
import type { QueueVisibility, Resources } from './provision.ts';

export const STAGES = [
  'scan-master',
  'plan-crawls',
  'crawl-mirror',
  'publish-snapshot',
  'answer',
  'admin-api',
  'hosts-api',
  'lock-api',
  'record-lock-events',
  'sweep-locks',
  'sweep-drains',
  'volumes-api',
  'check-release',
  'update-volume',
  'sweep-volumes',
  'content',
] as const;
export type Stage = (typeof STAGES)[number];

/** The longest that a function may run. */
const VOLUME_WORK_MS = 900_000;

/** Time-outs as deployed. Instances: as many as two cores bear; one for the stages that must not run twice at a time. */
const SIZES: Readonly<Record<Stage, { readonly timeoutMs: number; readonly concurrency: number }>> = {
  'scan-master': { timeoutMs: 900_000, concurrency: 1 },
  'plan-crawls': { timeoutMs: 50_000, concurrency: 1 },
  'crawl-mirror': { timeoutMs: 300_000, concurrency: 2 },
  'publish-snapshot': { timeoutMs: 300_000, concurrency: 1 },
  answer: { timeoutMs: 10_000, concurrency: 1 },
  'admin-api': { timeoutMs: ADMIN_TIMEOUT_MS, concurrency: 1 },
  'hosts-api': { timeoutMs: HOSTS_TIMEOUT_MS, concurrency: 2 },
  'lock-api': { timeoutMs: LOCK_TIMEOUT_MS, concurrency: 2 },
  'record-lock-events': { timeoutMs: 60_000, concurrency: 1 },
  'sweep-locks': { timeoutMs: 60_000, concurrency: 1 },
  'sweep-drains': { timeoutMs: 50_000, concurrency: 1 },
  'volumes-api': { timeoutMs: VOLUMES_TIMEOUT_MS, concurrency: 2 },
  'check-release': { timeoutMs: VOLUME_WORK_MS, concurrency: 2 },
  'update-volume': { timeoutMs: VOLUME_WORK_MS, concurrency: 1 },
  'sweep-volumes': { timeoutMs: VOLUME_WORK_MS, concurrency: 1 },
  content: { timeoutMs: 28_000, concurrency: 4 },
};
export const CRAWL_INSTANCES = SIZES['crawl-mirror'].concurrency;
/** Stages with a queue of work on volumes. */
export type VolumeStage = 'check-release' | 'update-volume' | 'sweep-volumes';
export const VOLUME_INSTANCES: Readonly<Record<VolumeStage, number>> = {
  'check-release': SIZES['check-release'].concurrency,
  'update-volume': SIZES['update-volume'].concurrency,
  'sweep-volumes': SIZES['sweep-volumes'].concurrency,
};
/** A message comes again when its work did not end in the function's time. */
export const QUEUE_VISIBILITY: QueueVisibility = {
  crawlSeconds: SIZES['crawl-mirror'].timeoutMs / 1000 + 30,
  publishSeconds: SIZES['publish-snapshot'].timeoutMs / 1000 + 30,
  volumeSeconds: VOLUME_WORK_MS / 1000 + 30,
};

/** Every value that a stage may ask for by its `ENV_KEYS`. */
function stageEnvironment(resources: Resources): Readonly<Record<string, string>> {
  return {
    MIRRORTIDE_INVENTORY_TABLE: resources.inventoryTable,
    MIRRORTIDE_POINTER_TABLE: resources.pointerTable,
    MIRRORTIDE_OBSERVATION_TABLE: resources.observationTable,
    MIRRORTIDE_LOCK_TABLE: resources.lockTable,
    MIRRORTIDE_BUCKET: resources.bucket,
    MIRRORTIDE_CRAWL_QUEUE_URL: resources.crawlQueueUrl,
    MIRRORTIDE_PUBLISH_QUEUE_URL: resources.publishQueueUrl,
    MIRRORTIDE_HOST_TABLE: resources.hostTable,
    MIRRORTIDE_DRAIN_TABLE: resources.drainTable,
    MIRRORTIDE_VOLUME_TABLE: resources.volumeTable,
    MIRRORTIDE_CONTENT_BUCKET: resources.contentBucket,
    MIRRORTIDE_CHECK_QUEUE_URL: resources.checkQueueUrl,
    MIRRORTIDE_UPDATE_QUEUE_URL: resources.updateQueueUrl,
    MIRRORTIDE_SWEEP_QUEUE_URL: resources.sweepQueueUrl,
    // Empty: the edge table is an object in the bucket.
    MIRRORTIDE_EDGE_TABLE_ARN: '',
  };
}

/** The SDK's own standard variables: no function knows that it talks to emulators. */
function sdkEnvironment(emulators: Emulators): Readonly<Record<string, string>> {
  return {
    AWS_REGION: emulators.region,
    AWS_ACCESS_KEY_ID: emulators.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: emulators.credentials.secretAccessKey,
    AWS_ENDPOINT_URL_S3: emulators.s3Endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: emulators.dynamoDbEndpoint,
    AWS_ENDPOINT_URL_SQS: emulators.sqsEndpoint,
  };
}

async function keysOf(stage: Stage): Promise<readonly string[]> {
  const config = (await import(`../../functions/${stage}/config.ts`)) as { readonly ENV_KEYS: readonly string[] };
  return config.ENV_KEYS;
}

/** What the deployed stack says of each function, for this machine: its bundle, its environment and nothing more of it, its limits. */
export async function stageFunctions(
  bundles: string,
  emulators: Emulators,
  resources: Resources,
): Promise<Readonly<Record<Stage, FunctionDefinition>>> {
  const known = stageEnvironment(resources);
  const define = async (stage: Stage): Promise<readonly [Stage, FunctionDefinition]> => {
    const keys = await keysOf(stage);
    const unknown = keys.filter((key) => known[key] === undefined);
    if (unknown.length > 0) throw new Error(`${stage} needs ${unknown.join(', ')}, which the local system does not set`);
    const own = Object.fromEntries(keys.map((key) => [key, known[key] ?? '']));
    const env = { ...sdkEnvironment(emulators), ...own };
    return [stage, { name: stage, bundleFile: bundleFile(bundles, stage), env, ...SIZES[stage] }];
  };
  return Object.fromEntries(await Promise.all(STAGES.map(define))) as Record<Stage, FunctionDefinition>;
}
