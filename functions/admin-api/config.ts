import { type Environment, requiredEnvironment } from '#domain/required-environment.ts';

export const ENV_KEYS = ['MIRRORTIDE_INVENTORY_TABLE', 'MIRRORTIDE_HOST_TABLE'] as const;
export type EnvKey = (typeof ENV_KEYS)[number];

/** Below the 30 s after which an HTTP API gives up; reading and checking a network of ten thousand hosts takes a few seconds. */
export const FUNCTION_TIMEOUT_MS = 28_000;
/** Nobody guesses a challenge of so many bytes; its text has twice as many letters. */
export const CHALLENGE_BYTES = 20;
/** Connections to one server while looking for a proof. */
export const PEER_SOCKETS = 4;

export interface Config {
  readonly inventoryTable: string;
  readonly hostTable: string;
}

export const parseConfig = (env: Environment): Readonly<Config> => {
  const values = requiredEnvironment(env, ENV_KEYS);
  return { inventoryTable: values.MIRRORTIDE_INVENTORY_TABLE, hostTable: values.MIRRORTIDE_HOST_TABLE };
};
