import { type Environment, requiredEnvironment } from '#domain/required-environment.ts';

export const ENV_KEYS = [
  'MIRRORTIDE_INVENTORY_TABLE',
  'MIRRORTIDE_VOLUME_TABLE',
  'MIRRORTIDE_CONTENT_BUCKET',
  'MIRRORTIDE_CHECK_QUEUE_URL',
  'MIRRORTIDE_UPDATE_QUEUE_URL',
] as const;
export type EnvKey = (typeof ENV_KEYS)[number];

/** The longest that a function may run. */
export const FUNCTION_TIMEOUT_MS = 900_000;
/** For what is under way when the time to ask upstream is over: a large file that is being stored, and what is written in the end. */
const END_MARGIN_MS = 120_000;

export interface Config {
  readonly inventoryTable: string;
  readonly volumeTable: string;
  readonly contentBucket: string;
  readonly checkQueueUrl: string;
  readonly updateQueueUrl: string;
  /** How long a run asks upstream for more. */
  readonly runMs: number;
}

export const parseConfig = (env: Environment): Readonly<Config> => {
  const values = requiredEnvironment(env, ENV_KEYS);
  return {
    inventoryTable: values.MIRRORTIDE_INVENTORY_TABLE,
    volumeTable: values.MIRRORTIDE_VOLUME_TABLE,
    contentBucket: values.MIRRORTIDE_CONTENT_BUCKET,
    checkQueueUrl: values.MIRRORTIDE_CHECK_QUEUE_URL,
    updateQueueUrl: values.MIRRORTIDE_UPDATE_QUEUE_URL,
    runMs: FUNCTION_TIMEOUT_MS - END_MARGIN_MS,
  };
};
