import { isUtf8 } from 'node:buffer';
import type { ListedEntry } from '#ports/file-lister.ts';
import { ByteCursor } from './byte-cursor.ts';
import { LimitReached, PeerViolation } from './rsync-protocol.ts';

// What the next bytes of the list are. Each is read whole or not at all, so a list can stop between any two bytes.
const FLAGS = 0;
const MORE_FLAGS = 1;
const SHARED_PREFIX = 2;
const SHORT_LENGTH = 3;
const LONG_LENGTH = 4;
const NAME = 5;
const SIZE = 6;
const LARGE_SIZE = 7;
const TIME = 8;
const MODE = 9;
const IO_ERROR = 10;
const DONE = 11;
const STARVED = -1;

// Bits of an entry's flags (rsync: rsync.h, XMIT_*).
const SAME_MODE = 0x02;
const EXTENDED_FLAGS = 0x04;
const SAME_NAME = 0x20;
const LONG_NAME = 0x40;
const SAME_TIME = 0x80;

const MAX_PATH_BYTES = 4_095;
const SLASH = 0x2f;
const DOT = 0x2e;
const TWO_TO_32 = 0x1_0000_0000;
const SIZE_FOLLOWS = -1;

// By the type bits of st_mode (inode(7)): S_IFREG 0100000, S_IFDIR 0040000, S_IFLNK 0120000.
const KINDS = new Map<number, ListedEntry['kind']>([
  [0o10, 'file'],
  [0o04, 'directory'],
  [0o12, 'symlink'],
]);

/**
 * Reads the file list of protocols 27 to 29 as the daemon sends it for `-r --list-only` (rsync: flist.c, recv_file_entry).
 *
 * Names share a prefix, counted in bytes, with the name before, so the current path lives in one byte buffer and is decoded
 * whole: as UTF-8, and as Latin-1 when it is no valid UTF-8 (old mirrors hold both). So two different paths of one mirror can
 * read the same, and none is ever lost.
 */
export class RsyncFileList {
  entries = 0;
  /** rsync's own bits: not 0 when the peer could not read everything. */
  ioError = 0;
  readonly #onEntry: (entry: ListedEntry) => void;
  readonly #maxEntries: number;
  readonly #protocol: number;
  readonly #cursor = new ByteCursor();
  readonly #path = Buffer.alloc(MAX_PATH_BYTES + 1);
  #step = FLAGS;
  #flags = 0;
  #prefixBytes = 0;
  #pathBytes = 0;
  #filledBytes = 0;
  /** Where the first byte above 0x7f of the path is; everything before needs no UTF-8 check. */
  #asciiBytes = 0;
  #size = 0;
  #time = 0;
  #mode = 0;

  constructor(protocol: number, maxEntries: number, onEntry: (entry: ListedEntry) => void) {
    this.#protocol = protocol;
    this.#maxEntries = maxEntries;
    this.#onEntry = onEntry;
  }

  get done(): boolean {
    return this.#step === DONE;
  }

  /** Bytes after the end of the list are left alone: they belong to the goodbye. Throws PeerViolation and LimitReached. */
  push(chunk: Uint8Array, start: number, end: number): void {
    this.#cursor.feed(chunk, start, end);
    while (this.#step !== DONE) {
      const next = this.#advance();
      if (next === STARVED) return;
      this.#step = next;
    }
  }

  #advance(): number {
    switch (this.#step) {
      case FLAGS:
        return this.#readFlags();
      case MORE_FLAGS:
        return this.#readMoreFlags();
      case SHARED_PREFIX:
        return this.#readSharedPrefix();
      case SHORT_LENGTH:
        return this.#cursor.take(1) ? this.#beginName(this.#cursor.byte()) : STARVED;
      case LONG_LENGTH:
        return this.#cursor.take(4) ? this.#beginName(this.#cursor.int32()) : STARVED;
      case NAME:
        return this.#readName();
      case SIZE:
        return this.#readSize();
      case LARGE_SIZE:
        return this.#readLargeSize();
      case TIME:
        return this.#readTime();
      case MODE:
        return this.#readMode();
      default:
        return this.#readIoError();
    }
  }

  #readFlags(): number {
    if (!this.#cursor.take(1)) return STARVED;
    this.#flags = this.#cursor.byte();
    if (this.#flags === 0) return IO_ERROR;
    return this.#protocol >= 28 && (this.#flags & EXTENDED_FLAGS) !== 0 ? MORE_FLAGS : this.#afterFlags();
  }

  #readMoreFlags(): number {
    // Device numbers, hard links and owners: never there, since we do not ask for them.
    return this.#cursor.take(1) ? this.#afterFlags() : STARVED;
  }

  #afterFlags(): number {
    this.#prefixBytes = 0;
    return (this.#flags & SAME_NAME) !== 0 ? SHARED_PREFIX : this.#lengthStep();
  }

  #lengthStep(): number {
    return (this.#flags & LONG_NAME) !== 0 ? LONG_LENGTH : SHORT_LENGTH;
  }

  #readSharedPrefix(): number {
    if (!this.#cursor.take(1)) return STARVED;
    this.#prefixBytes = this.#cursor.byte();
    if (this.#prefixBytes > this.#pathBytes) throw new PeerViolation('a name shares more than the name before it has');
    return this.#lengthStep();
  }

  #beginName(suffixBytes: number): number {
    const pathBytes = this.#prefixBytes + suffixBytes;
    if (suffixBytes < 0 || pathBytes > MAX_PATH_BYTES) throw new PeerViolation(`a name of ${suffixBytes} bytes`);
    if (pathBytes === 0) throw new PeerViolation('an empty name');
    this.#pathBytes = pathBytes;
    this.#filledBytes = this.#prefixBytes;
    return NAME;
  }

  #readName(): number {
    const cursor = this.#cursor;
    const count = Math.min(this.#pathBytes - this.#filledBytes, cursor.available);
    const { chunk } = cursor;
    const path = this.#path;
    // A loop and not `set`: a suffix has some twenty bytes, for which a view costs more than the copy.
    for (let from = cursor.position, to = this.#filledBytes, end = from + count; from < end; from += 1, to += 1) {
      path[to] = chunk[from] as number;
    }
    cursor.position += count;
    this.#filledBytes += count;
    if (this.#filledBytes < this.#pathBytes) return STARVED;
    this.#checkName();
    return SIZE;
  }

  /** The shared prefix was checked with the name before, save that its last step may end elsewhere now. */
  #checkName(): void {
    const path = this.#path;
    let ascii = Math.min(this.#asciiBytes, this.#prefixBytes);
    for (let at = this.#prefixBytes; at < this.#pathBytes; at += 1) {
      const byte = path[at] as number;
      if (byte === 0) throw new PeerViolation('a name with a NUL');
      if (byte === SLASH) this.#checkStepBefore(at);
      if (byte < 0x80 && ascii === at) ascii += 1;
    }
    this.#asciiBytes = ascii;
    if (this.#pathBytes === 1 && path[0] === DOT) return;
    this.#checkStepBefore(this.#pathBytes);
  }

  #checkStepBefore(end: number): void {
    const path = this.#path;
    const last = path[end - 1];
    if (end === 0) throw new PeerViolation('an absolute name');
    if (last === SLASH) throw new PeerViolation('a name with an empty step');
    if (last !== DOT) return;
    const begins = (at: number): boolean => at === 0 || path[at - 1] === SLASH;
    if (begins(end - 1) || (path[end - 2] === DOT && begins(end - 2))) throw new PeerViolation('a name with a . or .. step');
  }

  #readSize(): number {
    if (!this.#cursor.take(4)) return STARVED;
    const size = this.#cursor.int32();
    if (size === SIZE_FOLLOWS) return LARGE_SIZE;
    return this.#afterSize(size);
  }

  #readLargeSize(): number {
    if (!this.#cursor.take(8)) return STARVED;
    return this.#afterSize(this.#cursor.int32(4) * TWO_TO_32 + this.#cursor.uint32());
  }

  #afterSize(size: number): number {
    if (size < 0 || size > Number.MAX_SAFE_INTEGER) throw new PeerViolation('a size that no file has');
    this.#size = size;
    return (this.#flags & SAME_TIME) !== 0 ? this.#afterTime() : TIME;
  }

  #readTime(): number {
    if (!this.#cursor.take(4)) return STARVED;
    // Unsigned: 1970 to 2106, other times wrap around. Protocol 30 and later would send more.
    this.#time = this.#cursor.uint32();
    return this.#afterTime();
  }

  #afterTime(): number {
    return (this.#flags & SAME_MODE) !== 0 ? this.#finishEntry() : MODE;
  }

  #readMode(): number {
    if (!this.#cursor.take(4)) return STARVED;
    this.#mode = this.#cursor.uint32();
    return this.#finishEntry();
  }

  #finishEntry(): number {
    if (this.entries >= this.#maxEntries) throw new LimitReached(`more than ${this.#maxEntries} entries`);
    this.entries += 1;
    this.#onEntry({
      path: this.#decodePath(),
      kind: KINDS.get(this.#mode >>> 12) ?? 'other',
      sizeBytes: this.#size,
      modifiedSeconds: this.#time,
      mode: this.#mode,
    });
    return FLAGS;
  }

  #decodePath(): string {
    const bytes = this.#pathBytes;
    if (bytes === 1 && this.#path[0] === DOT) return '';
    if (this.#asciiBytes >= bytes) return this.#path.toString('latin1', 0, bytes);
    return this.#path.toString(isUtf8(this.#path.subarray(0, bytes)) ? 'utf8' : 'latin1', 0, bytes);
  }

  #readIoError(): number {
    if (!this.#cursor.take(4)) return STARVED;
    this.ioError |= this.#cursor.int32();
    return DONE;
  }
}
