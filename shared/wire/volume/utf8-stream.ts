import { WireError } from '#domain/errors.ts';

export interface Utf8Stream {
  push(bytes: Uint8Array): string;
  end(): string;
}

/** UTF-8 to text, a piece at a time; WireError when it is not. */
export function utf8Stream(what: string): Utf8Stream {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decoded = (decode: () => string): string => {
    try {
      return decode();
    } catch (cause) {
      throw new WireError(`${what} is not UTF-8`, { cause });
    }
  };
  return {
    push: (bytes) => decoded(() => decoder.decode(bytes, { stream: true })),
    end: () => decoded(() => decoder.decode()),
  };
}
