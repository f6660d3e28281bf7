import { type Environment, requiredEnvironment } from '#domain/required-environment.ts';

export const ENV_KEYS = [
  'MIRRORTIDE_INVENTORY_TABLE',
  'MIRRORTIDE_VOLUME_TABLE',
  'MIRRORTIDE_CONTENT_BUCKET',
  'MIRRORTIDE_CHECK_QUEUE_URL',
  'MIRRORTIDE_UPDATE_QUEUE_URL',
  'MIRRORTIDE_SWEEP_QUEUE_URL',
] as const;
export type EnvKey = (typeof ENV_KEYS)[number];

/** Below the thirty seconds after which an HTTP API gives up. */
export const FUNCTION_TIMEOUT_MS = 28_000;

export interface Config {
  readonly inventoryTable: string;
  readonly volumeTable: string;
  readonly contentBucket: string;
  readonly checkQueueUrl: string;
  readonly updateQueueUrl: string;
  readonly sweepQueueUrl: string;
}

export const parseConfig = (env: Environment): Readonly<Config> => {
  const values = requiredEnvironment(env, ENV_KEYS);
  return {
    inventoryTable: values.MIRRORTIDE_INVENTORY_TABLE,
    volumeTable: values.MIRRORTIDE_VOLUME_TABLE,
    contentBucket: values.MIRRORTIDE_CONTENT_BUCKET,
    checkQueueUrl: values.MIRRORTIDE_CHECK_QUEUE_URL,
    updateQueueUrl: values.MIRRORTIDE_UPDATE_QUEUE_URL,
    sweepQueueUrl: values.MIRRORTIDE_SWEEP_QUEUE_URL,
  };
};
