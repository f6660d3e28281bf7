import { type Environment, requiredEnvironment } from '#domain/required-environment.ts';

export const ENV_KEYS = [
  'MIRRORTIDE_INVENTORY_TABLE',
  'MIRRORTIDE_POINTER_TABLE',
  'MIRRORTIDE_OBSERVATION_TABLE',
  'MIRRORTIDE_HOST_TABLE',
  'MIRRORTIDE_DRAIN_TABLE',
  'MIRRORTIDE_BUCKET',
  'MIRRORTIDE_CRAWL_QUEUE_URL',
  'MIRRORTIDE_PUBLISH_QUEUE_URL',
] as const;
export type EnvKey = (typeof ENV_KEYS)[number];

/** Below the thirty seconds after which an HTTP API gives up; the first check-in of a cold start reads a whole manifest. */
export const FUNCTION_TIMEOUT_MS = 28_000;

export interface Config {
  readonly inventoryTable: string;
  readonly pointerTable: string;
  readonly observationTable: string;
  readonly hostTable: string;
  readonly drainTable: string;
  readonly bucket: string;
  readonly crawlQueueUrl: string;
  readonly publishQueueUrl: string;
}

export const parseConfig = (env: Environment): Readonly<Config> => {
  const values = requiredEnvironment(env, ENV_KEYS);
  return {
    inventoryTable: values.MIRRORTIDE_INVENTORY_TABLE,
    pointerTable: values.MIRRORTIDE_POINTER_TABLE,
    observationTable: values.MIRRORTIDE_OBSERVATION_TABLE,
    hostTable: values.MIRRORTIDE_HOST_TABLE,
    drainTable: values.MIRRORTIDE_DRAIN_TABLE,
    bucket: values.MIRRORTIDE_BUCKET,
    crawlQueueUrl: values.MIRRORTIDE_CRAWL_QUEUE_URL,
    publishQueueUrl: values.MIRRORTIDE_PUBLISH_QUEUE_URL,
  };
};
