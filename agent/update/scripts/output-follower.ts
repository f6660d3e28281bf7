import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

export interface OutputFollower {
  /** Passes on all that is still to come and the last unfinished line. */
  readonly finish: () => void;
}

const POLL_MS = 100;
const CHUNK_BYTES = 1 << 16;
/** A longer line comes in pieces. */
const MAX_LINE_CHARACTERS = 8_192;

/** Passes on the lines of a growing file while they are written. */
export function outputFollower(file: string, onLine: (line: string) => void): OutputFollower {
  const descriptor = openSync(file, 'r');
  const buffer = Buffer.alloc(CHUNK_BYTES);
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const take = (text: string): void => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line.replace(/\r$/, ''));
    while (rest.length > MAX_LINE_CHARACTERS) {
      onLine(rest.slice(0, MAX_LINE_CHARACTERS));
      rest = rest.slice(MAX_LINE_CHARACTERS);
    }
  };
  const read = (): void => {
    for (let count = readSync(descriptor, buffer); count > 0; count = readSync(descriptor, buffer)) {
      take(decoder.write(buffer.subarray(0, count)));
    }
  };
  const timer = setInterval(read, POLL_MS);
  return {
    finish: () => {
      clearInterval(timer);
      read();
      take(decoder.end());
      if (rest !== '') onLine(rest);
      closeSync(descriptor);
    },
  };
}
