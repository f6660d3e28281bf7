/**
 * Walks bytes that arrive in pieces of any size. A fixed-size item that is split over pieces is put together in a scratch of
 * eight bytes, so a parser can stop after any byte and go on with the next piece without reading anything twice.
 */
export class ByteCursor {
  /** Where the bytes of the last successful `take` are, beginning at `at`. Valid until the next call. */
  view: Uint8Array;
  at = 0;
  position = 0;
  readonly #scratch = new Uint8Array(8);
  #chunk: Uint8Array;
  #end = 0;
  #held = 0;

  constructor() {
    this.view = this.#scratch;
    this.#chunk = this.#scratch;
  }

  feed(chunk: Uint8Array, start: number, end: number): void {
    this.#chunk = chunk;
    this.position = start;
    this.#end = end;
  }

  get chunk(): Uint8Array {
    return this.#chunk;
  }

  get available(): number {
    return this.#end - this.position;
  }

  /** Makes the next `count` (1 to 8) bytes readable, or keeps what there is and returns false. */
  take(count: number): boolean {
    if (this.#held === 0 && this.available >= count) {
      this.view = this.#chunk;
      this.at = this.position;
      this.position += count;
      return true;
    }
    while (this.#held < count && this.position < this.#end) {
      this.#scratch[this.#held] = this.#chunk[this.position] as number;
      this.#held += 1;
      this.position += 1;
    }
    if (this.#held < count) return false;
    this.#held = 0;
    this.view = this.#scratch;
    this.at = 0;
    return true;
  }

  // The casts below: `take` has proved that the bytes are there, and a check per byte is what this class is there to avoid.

  byte(): number {
    return this.view[this.at] as number;
  }

  /** Little endian, like every number of rsync. */
  int32(offset = 0): number {
    const { view } = this;
    const at = this.at + offset;
    return (
      (view[at] as number) | ((view[at + 1] as number) << 8) | ((view[at + 2] as number) << 16) | ((view[at + 3] as number) << 24)
    );
  }

  uint32(offset = 0): number {
    return this.int32(offset) >>> 0;
  }
}
