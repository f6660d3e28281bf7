import { type Environment, requiredEnvironment } from '#domain/required-environment.ts';

export const ENV_KEYS = [
  'MIRRORTIDE_INVENTORY_TABLE',
  'MIRRORTIDE_POINTER_TABLE',
  'MIRRORTIDE_OBSERVATION_TABLE',
  'MIRRORTIDE_DRAIN_TABLE',
  'MIRRORTIDE_BUCKET',
  'MIRRORTIDE_PUBLISH_QUEUE_URL',
] as const;
export type EnvKey = (typeof ENV_KEYS)[number];

/** check < function's time-out < lease: a crawl ends its requests in time to write, and its lease never lapses while it runs. */
export interface CrawlTimes {
  /** No request of a check is sent after this time. */
  readonly checkMs: number;
  readonly leaseMs: number;
}

/** The time-out of the function; the queue's visibility time-out is at least six times this. */
export const FUNCTION_TIMEOUT_MS = 300_000;
const WRITE_MARGIN_MS = 30_000;
const LEASE_MARGIN_MS = 30_000;

export interface Config {
  readonly inventoryTable: string;
  readonly pointerTable: string;
  readonly observationTable: string;
  readonly drainTable: string;
  readonly bucket: string;
  readonly publishQueueUrl: string;
  readonly times: CrawlTimes;
}

export const parseConfig = (env: Environment): Readonly<Config> => {
  const values = requiredEnvironment(env, ENV_KEYS);
  return {
    inventoryTable: values.MIRRORTIDE_INVENTORY_TABLE,
    pointerTable: values.MIRRORTIDE_POINTER_TABLE,
    observationTable: values.MIRRORTIDE_OBSERVATION_TABLE,
    drainTable: values.MIRRORTIDE_DRAIN_TABLE,
    bucket: values.MIRRORTIDE_BUCKET,
    publishQueueUrl: values.MIRRORTIDE_PUBLISH_QUEUE_URL,
    times: { checkMs: FUNCTION_TIMEOUT_MS - WRITE_MARGIN_MS, leaseMs: FUNCTION_TIMEOUT_MS + LEASE_MARGIN_MS },
  };
};
