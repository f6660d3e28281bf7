import { ConfigError } from '#domain/errors.ts';

export const ENV_KEYS = [
  'MIRRORTIDE_INVENTORY_TABLE',
  'MIRRORTIDE_POINTER_TABLE',
  'MIRRORTIDE_OBSERVATION_TABLE',
  'MIRRORTIDE_CRAWL_QUEUE_URL',
] as const;
export type EnvKey = (typeof ENV_KEYS)[number];

export interface Config {
  readonly inventoryTable: string;
  readonly pointerTable: string;
  readonly observationTable: string;
  readonly crawlQueueUrl: string;
}

export const parseConfig = (env: Readonly<Record<string, string | undefined>>): Readonly<Config> => {
  const missing = ENV_KEYS.filter((key) => (env[key] ?? '') === '');
  if (missing.length > 0) throw new ConfigError(`missing: ${missing.join(', ')}`);
  const read = (key: EnvKey): string => env[key] ?? '';
  return {
    inventoryTable: read('MIRRORTIDE_INVENTORY_TABLE'),
    pointerTable: read('MIRRORTIDE_POINTER_TABLE'),
    observationTable: read('MIRRORTIDE_OBSERVATION_TABLE'),
    crawlQueueUrl: read('MIRRORTIDE_CRAWL_QUEUE_URL'),
  };
};
