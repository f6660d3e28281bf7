import { errorReply, type HttpReply } from './http-call.ts';

export type Query = Readonly<Record<string, string | undefined>>;

/** Undefined for parameters that the endpoint does not have, or has twice: a misspelt one must not go unnoticed. */
export const knownQuery = (text: string, known: readonly string[]): Query | undefined => {
  const pairs = [...new URLSearchParams(text)];
  const names = pairs.map(([name]) => name);
  const sound = names.every((name) => known.includes(name)) && new Set(names).size === names.length;
  return sound ? Object.fromEntries(pairs) : undefined;
};

/** `note` is what else there is to know of them. */
export const wrongQuery = (known: readonly string[], note = ''): HttpReply =>
  errorReply(
    400,
    'invalid_request',
    known.length === 0 ? 'There are no parameters here.' : `Parameters here are ${known.join(', ')}, each at most once${note}.`,
  );
