import type { RandomAccess } from './zip-directory.ts';

const WINDOW_BYTES = 1_048_576;

/** Keeps the part that was read last, and more of it than was asked for: members are read one after another, and most are small. */
export function readAhead(file: RandomAccess): RandomAccess {
  let windowOffset = 0;
  let window: Uint8Array = new Uint8Array();
  return {
    sizeBytes: file.sizeBytes,
    read: async (offset, length) => {
      if (offset < windowOffset || offset + length > windowOffset + window.length) {
        const ahead = Math.min(Math.max(length, WINDOW_BYTES), file.sizeBytes - offset);
        window = await file.read(offset, ahead);
        windowOffset = offset;
      }
      return window.subarray(offset - windowOffset, offset - windowOffset + length);
    },
  };
}
