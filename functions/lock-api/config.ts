import { type Environment, requiredEnvironment } from '#domain/required-environment.ts';

export const ENV_KEYS = ['MIRRORTIDE_LOCK_TABLE', 'MIRRORTIDE_INVENTORY_TABLE'] as const;
export type EnvKey = (typeof ENV_KEYS)[number];

/** Above the time after which no call to the table is started, below the shortest time-out of a client (10 s). */
export const FUNCTION_TIMEOUT_MS = 8_000;
/** Tries of one call to the table; more would not fit into the request's time. */
export const TABLE_TRIES = 3;

export interface Config {
  readonly lockTable: string;
  readonly inventoryTable: string;
}

export const parseConfig = (env: Environment): Readonly<Config> => {
  const values = requiredEnvironment(env, ENV_KEYS);
  return { lockTable: values.MIRRORTIDE_LOCK_TABLE, inventoryTable: values.MIRRORTIDE_INVENTORY_TABLE };
};
