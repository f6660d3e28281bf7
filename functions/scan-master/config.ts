import { ConfigError } from '#domain/errors.ts';

export const ENV_KEYS = ['MIRRORTIDE_INVENTORY_TABLE', 'MIRRORTIDE_POINTER_TABLE', 'MIRRORTIDE_BUCKET'] as const;
export type EnvKey = (typeof ENV_KEYS)[number];

export interface Config {
  readonly inventoryTable: string;
  readonly pointerTable: string;
  readonly bucket: string;
}

/** Throws ConfigError naming everything that is missing. */
export const parseConfig = (env: Readonly<Record<string, string | undefined>>): Readonly<Config> => {
  const missing = ENV_KEYS.filter((key) => (env[key] ?? '') === '');
  if (missing.length > 0) throw new ConfigError(`missing: ${missing.join(', ')}`);
  const read = (key: EnvKey): string => env[key] ?? '';
  return {
    inventoryTable: read('MIRRORTIDE_INVENTORY_TABLE'),
    pointerTable: read('MIRRORTIDE_POINTER_TABLE'),
    bucket: read('MIRRORTIDE_BUCKET'),
  };
};
