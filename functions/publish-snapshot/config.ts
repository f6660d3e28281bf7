import { type Environment, requiredEnvironment } from '#domain/required-environment.ts';

export const ENV_KEYS = [
  'MIRRORTIDE_INVENTORY_TABLE',
  'MIRRORTIDE_POINTER_TABLE',
  'MIRRORTIDE_OBSERVATION_TABLE',
  'MIRRORTIDE_DRAIN_TABLE',
  'MIRRORTIDE_BUCKET',
  'MIRRORTIDE_EDGE_TABLE_ARN',
] as const;
export type EnvKey = (typeof ENV_KEYS)[number];

export interface Config {
  readonly inventoryTable: string;
  readonly pointerTable: string;
  readonly observationTable: string;
  readonly drainTable: string;
  readonly bucket: string;
  /** `undefined`: the table is the object `edge-table.json` of the bucket. */
  readonly edgeTableArn: string | undefined;
}

/** The edge table may be empty or missing; everything else may not. */
const REQUIRED = ENV_KEYS.filter(
  (key): key is Exclude<EnvKey, 'MIRRORTIDE_EDGE_TABLE_ARN'> => key !== 'MIRRORTIDE_EDGE_TABLE_ARN',
);

export const parseConfig = (env: Environment): Readonly<Config> => {
  const values = requiredEnvironment(env, REQUIRED);
  const arn = env['MIRRORTIDE_EDGE_TABLE_ARN'] ?? '';
  return {
    inventoryTable: values.MIRRORTIDE_INVENTORY_TABLE,
    pointerTable: values.MIRRORTIDE_POINTER_TABLE,
    observationTable: values.MIRRORTIDE_OBSERVATION_TABLE,
    drainTable: values.MIRRORTIDE_DRAIN_TABLE,
    bucket: values.MIRRORTIDE_BUCKET,
    edgeTableArn: arn === '' ? undefined : arn,
  };
};
