import { type Environment, requiredEnvironment } from '#domain/required-environment.ts';

export const ENV_KEYS = [
  'MIRRORTIDE_INVENTORY_TABLE',
  'MIRRORTIDE_POINTER_TABLE',
  'MIRRORTIDE_DRAIN_TABLE',
  'MIRRORTIDE_CRAWL_QUEUE_URL',
] as const;
export type EnvKey = (typeof ENV_KEYS)[number];

export interface Config {
  readonly inventoryTable: string;
  readonly pointerTable: string;
  readonly drainTable: string;
  readonly crawlQueueUrl: string;
}

export const parseConfig = (env: Environment): Readonly<Config> => {
  const values = requiredEnvironment(env, ENV_KEYS);
  return {
    inventoryTable: values.MIRRORTIDE_INVENTORY_TABLE,
    pointerTable: values.MIRRORTIDE_POINTER_TABLE,
    drainTable: values.MIRRORTIDE_DRAIN_TABLE,
    crawlQueueUrl: values.MIRRORTIDE_CRAWL_QUEUE_URL,
  };
};
