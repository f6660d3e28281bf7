import { VerificationProblem } from '../fetch-outcome.ts';

/** Bytes from pieces of any size. */
export interface ByteSource {
  /** So many bytes; undefined when there are none left. Throws VerificationProblem when there are some, but fewer. */
  readonly take: (bytes: number) => Promise<Buffer | undefined>;
  /** So many bytes in pieces as they come. */
  readonly pieces: (bytes: number) => AsyncGenerator<Buffer>;
  /** Closes what the bytes come from. */
  readonly close: () => Promise<void>;
}

export function byteSource(chunks: AsyncIterable<Buffer>): ByteSource {
  const iterator = chunks[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);

  const refill = async (): Promise<boolean> => {
    while (rest.length === 0) {
      const next = await iterator.next();
      if (next.done === true) return false;
      rest = next.value;
    }
    return true;
  };
  const pieces = async function* (bytes: number): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0; ) {
      if (!(await refill())) throw new VerificationProblem('the archive ends in the middle');
      const piece = rest.subarray(0, left);
      rest = rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  };
  const take = async (bytes: number): Promise<Buffer | undefined> => {
    if (!(await refill())) return undefined;
    if (rest.length >= bytes) {
      const taken = rest.subarray(0, bytes);
      rest = rest.subarray(bytes);
      return taken;
    }
    const all: Buffer[] = [];
    for await (const piece of pieces(bytes)) all.push(piece);
    return Buffer.concat(all);
  };
  return { take, pieces, close: async () => void (await iterator.return?.()) };
}
