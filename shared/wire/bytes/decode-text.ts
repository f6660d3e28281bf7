import { WireError } from '#domain/errors.ts';

/** UTF-8 to text; WireError when it is not. A byte order mark is kept as what it is, a character. */
export const decodeText = (bytes: Uint8Array, what: string): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new WireError(`${what} is not UTF-8`, { cause });
  }
};
