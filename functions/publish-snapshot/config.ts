import { ConfigError } from '#domain/errors.ts';

export const ENV_KEYS = [
  'MIRRORTIDE_INVENTORY_TABLE',
  'MIRRORTIDE_POINTER_TABLE',
  'MIRRORTIDE_OBSERVATION_TABLE',
  'MIRRORTIDE_BUCKET',
  'MIRRORTIDE_EDGE_TABLE_ARN',
] as const;
export type EnvKey = (typeof ENV_KEYS)[number];

export interface Config {
  readonly inventoryTable: string;
  readonly pointerTable: string;
  readonly observationTable: string;
  readonly bucket: string;
  /** `undefined`: the table is the object `edge-table.json` of the bucket. */
  readonly edgeTableArn: string | undefined;
}

/** The edge table may be empty or missing; everything else may not. */
const REQUIRED = ENV_KEYS.filter((key) => key !== 'MIRRORTIDE_EDGE_TABLE_ARN');

export const parseConfig = (env: Readonly<Record<string, string | undefined>>): Readonly<Config> => {
  const missing = REQUIRED.filter((key) => (env[key] ?? '') === '');
  if (missing.length > 0) throw new ConfigError(`missing: ${missing.join(', ')}`);
  const read = (key: EnvKey): string => env[key] ?? '';
  const arn = read('MIRRORTIDE_EDGE_TABLE_ARN');
  return {
    inventoryTable: read('MIRRORTIDE_INVENTORY_TABLE'),
    pointerTable: read('MIRRORTIDE_POINTER_TABLE'),
    observationTable: read('MIRRORTIDE_OBSERVATION_TABLE'),
    bucket: read('MIRRORTIDE_BUCKET'),
    edgeTableArn: arn === '' ? undefined : arn,
  };
};
