/**
 * Configuration comes from the environment, and a broken deployment should say everything that is wrong with it at once, when a
 * function starts, and not one thing at a time.
 */
import { ConfigError } from './errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The value of every key; throws ConfigError naming all that are missing or empty. */
export const requiredEnvironment = <Key extends string>(
  env: Environment,
  keys: readonly Key[],
): Readonly<Record<Key, string>> => {
  const missing = keys.filter((key) => (env[key] ?? '') === '');
  if (missing.length > 0) throw new ConfigError(`missing: ${missing.join(', ')}`);
  return Object.fromEntries(keys.map((key) => [key, env[key] ?? ''])) as Record<Key, string>;
};
