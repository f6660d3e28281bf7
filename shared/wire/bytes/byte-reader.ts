import { WireError } from '#domain/errors.ts';

/** Reads what ByteWriter wrote. Every read is checked against the end: bytes that are not ours give WireError, nothing else. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #at = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw this.#damaged('ends too early');
    this.#at += 1;
    return value;
  }

  unsigned(): number {
    let byte = this.byte();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let unit = 0x80;
    do {
      byte = this.byte();
      value += (byte & 0x7f) * unit;
      if (value > Number.MAX_SAFE_INTEGER) throw this.#damaged('holds a number above 2^53-1');
      unit *= 0x80;
    } while (byte >= 0x80);
    return value;
  }

  signed(): number {
    const value = this.unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  raw(length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) throw this.#damaged('ends too early');
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return bytes;
  }

  section(): Uint8Array {
    return this.raw(this.unsigned());
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw this.#damaged('is longer than what it says');
  }

  #damaged(why: string): WireError {
    return new WireError(`${this.#what} ${why}, at byte ${this.#at} of ${this.#bytes.length}`);
  }
}
