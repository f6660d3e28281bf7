import { type Environment, requiredEnvironment } from '#domain/required-environment.ts';

export const ENV_KEYS = ['MIRRORTIDE_INVENTORY_TABLE', 'MIRRORTIDE_VOLUME_TABLE', 'MIRRORTIDE_CONTENT_BUCKET'] as const;
export type EnvKey = (typeof ENV_KEYS)[number];

export interface Config {
  readonly inventoryTable: string;
  readonly volumeTable: string;
  readonly contentBucket: string;
}

export const parseConfig = (env: Environment): Readonly<Config> => {
  const values = requiredEnvironment(env, ENV_KEYS);
  return {
    inventoryTable: values.MIRRORTIDE_INVENTORY_TABLE,
    volumeTable: values.MIRRORTIDE_VOLUME_TABLE,
    contentBucket: values.MIRRORTIDE_CONTENT_BUCKET,
  };
};
