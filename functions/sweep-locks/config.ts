import { type Environment, requiredEnvironment } from '#domain/required-environment.ts';

export const ENV_KEYS = ['MIRRORTIDE_LOCK_TABLE'] as const;
export type EnvKey = (typeof ENV_KEYS)[number];

export interface Config {
  readonly lockTable: string;
}

export const parseConfig = (env: Environment): Readonly<Config> => ({
  lockTable: requiredEnvironment(env, ENV_KEYS).MIRRORTIDE_LOCK_TABLE,
});
