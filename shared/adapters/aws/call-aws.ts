import { ConfigError, Fault, WireError } from '#domain/errors.ts';

/**
 * Whatever is left after the SDK's retries and is not an outcome that the adapter knows becomes a Fault that says what we were
 * doing. Conditions that fail are outcomes: adapters catch those inside `call`.
 */
export const callAws = async <Result>(doing: string, call: () => Promise<Result>): Promise<Result> => {
  try {
    return await call();
  } catch (cause) {
    if (cause instanceof Fault || cause instanceof WireError || cause instanceof ConfigError) throw cause;
    throw new Fault(`${doing} failed`, { cause });
  }
};
