import type { ListedEntry, Listing, ListingLimits } from '#ports/file-lister.ts';
import { ByteCursor } from './byte-cursor.ts';
import { RsyncFileList } from './rsync-file-list.ts';
import {
  excerpt,
  FRAME_DATA,
  FRAME_ERROR_EXIT,
  FRAME_ERRORS,
  FRAME_IO_ERROR,
  FRAME_TAG_BASE,
  FRAME_TAGS,
  LimitReached,
  negotiate,
  PeerViolation,
  printGoodbye,
  printHello,
  refusalCause,
} from './rsync-protocol.ts';
import type { RsyncTarget } from './rsync-url.ts';

export type SessionPhase = 'greeting' | 'module' | 'seed' | 'header' | 'payload' | 'goodbye';

export interface SessionOptions {
  readonly target: RsyncTarget;
  /** Arguments and excludes, sent as soon as the daemon lets us in. */
  readonly request: Buffer;
  readonly protocol: number;
  readonly limits: ListingLimits;
  readonly send: (bytes: Buffer) => void;
  readonly onEntry: (entry: ListedEntry) => void;
}

const COMPLAINTS_KEPT = 3;
const LINE_FEED = 0x0a;

/**
 * One conversation with a daemon without its socket: bytes go in by `push`, answers go out by `send`, and the outcome is data.
 * Holds one line or one message of the peer and never a piece of the list.
 */
export class RsyncSession {
  phase: SessionPhase = 'greeting';
  bytesReceived = 0;
  /** Set once nothing the peer may still say changes it. */
  outcome: Listing | undefined;
  readonly #options: SessionOptions;
  readonly #cursor = new ByteCursor();
  /** The current line or message. */
  readonly #text: Buffer;
  #textBytes = 0;
  #motdBytes = 0;
  #protocol = 0;
  #list: RsyncFileList;
  #frameTag = FRAME_DATA;
  #frameLeft = 0;
  readonly #complaints: string[] = [];

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#text = Buffer.alloc(Math.max(options.limits.maxLineBytes, options.limits.maxMessageBytes));
    this.#list = new RsyncFileList(options.protocol, options.limits.maxEntries, options.onEntry);
  }

  get received(): { readonly entries: number; readonly bytesReceived: number } {
    return { entries: this.#list.entries, bytesReceived: this.bytesReceived };
  }

  /** Reads the first `length` bytes of the chunk, which may be used again afterwards. Throws only what `onEntry` throws. */
  push(chunk: Uint8Array, length: number): void {
    if (this.outcome !== undefined && this.phase !== 'goodbye') return;
    this.bytesReceived += length;
    try {
      if (this.bytesReceived > this.#options.limits.maxBytes) {
        throw new LimitReached(`more than ${this.#options.limits.maxBytes} bytes`);
      }
      this.#cursor.feed(chunk, 0, length);
      while (this.outcome === undefined && this.#advance());
    } catch (error) {
      if (error instanceof PeerViolation) this.#break('protocol', error.message);
      else if (error instanceof LimitReached) this.#break('size', error.message);
      else throw error;
    }
  }

  /** The connection is over, for the given reason. */
  end(reason: string): Listing {
    this.outcome ??= this.#endedEarly(reason);
    return this.outcome;
  }

  #endedEarly(reason: string): Listing {
    if (this.phase === 'greeting') return { kind: 'unreachable', cause: 'connection', reason };
    const said = this.#complaints.join('; ');
    if (said !== '' && this.#list.entries === 0) return this.#refusal(said);
    return { kind: 'broken', cause: 'cut', reason: said === '' ? reason : `${reason}: ${said}`, ...this.received };
  }

  #break(cause: 'protocol' | 'size', reason: string): void {
    this.phase = 'payload';
    this.outcome = { kind: 'broken', cause, reason, ...this.received };
  }

  #refusal(text: string): Listing {
    const cause = refusalCause(text);
    return { kind: 'refused', cause, reason: text, temporary: cause === 'too-many-connections' };
  }

  /** One step; false when the bytes at hand are used up. */
  #advance(): boolean {
    switch (this.phase) {
      case 'greeting':
      case 'module':
        return this.#readLine();
      case 'seed':
        return this.#readSeed();
      case 'header':
        return this.#readHeader();
      case 'payload':
        return this.#frameTag === FRAME_DATA ? this.#readData() : this.#readMessage();
      case 'goodbye':
        return false;
    }
  }

  #readLine(): boolean {
    const cursor = this.#cursor;
    while (cursor.take(1)) {
      const byte = cursor.byte();
      if (byte === LINE_FEED) {
        const line = this.#text.subarray(0, this.#textBytes);
        this.#textBytes = 0;
        if (this.phase === 'greeting') this.#onGreeting(line);
        else this.#onLine(line);
        return true;
      }
      if (this.#textBytes >= this.#options.limits.maxLineBytes) throw new PeerViolation('a line without an end');
      this.#text[this.#textBytes] = byte;
      this.#textBytes += 1;
    }
    return false;
  }

  #onGreeting(line: Buffer): void {
    // Some daemons turn clients away before they greet.
    if (line.toString('latin1').startsWith('@ERROR')) {
      this.outcome = this.#refusal(excerpt(line));
      return;
    }
    this.#protocol = negotiate(line.toString('latin1'), this.#options.protocol);
    if (this.#protocol === 0) throw new PeerViolation(`no rsync daemon of our time: ${excerpt(line)}`);
    const { limits, onEntry, target, send } = this.#options;
    this.#list = new RsyncFileList(this.#protocol, limits.maxEntries, onEntry);
    this.phase = 'module';
    send(printHello(this.#protocol, target));
  }

  #onLine(line: Buffer): void {
    const text = line.toString('latin1');
    if (text.startsWith('@RSYNCD: OK')) {
      this.phase = 'seed';
      this.#options.send(this.#options.request);
      return;
    }
    if (text.startsWith('@ERROR') || text.startsWith('@RSYNCD: AUTHREQD') || text.startsWith('@RSYNCD: EXIT')) {
      this.outcome = this.#refusal(excerpt(line));
      return;
    }
    this.#motdBytes += line.length + 1;
    if (this.#motdBytes > this.#options.limits.maxMotdBytes) throw new PeerViolation('a greeting without an end');
  }

  #readSeed(): boolean {
    // Of the checksums, which a listing does not use.
    if (!this.#cursor.take(4)) return false;
    this.phase = 'header';
    return true;
  }

  #readHeader(): boolean {
    if (!this.#cursor.take(4)) return false;
    const header = this.#cursor.uint32();
    this.#frameTag = (header >>> 24) - FRAME_TAG_BASE;
    this.#frameLeft = header & 0xff_ffff;
    if (!FRAME_TAGS.has(this.#frameTag)) throw new PeerViolation(`a frame of unknown kind ${this.#frameTag}`);
    if (this.#frameTag !== FRAME_DATA && this.#frameLeft > this.#options.limits.maxMessageBytes) {
      throw new PeerViolation(`a message of ${this.#frameLeft} bytes`);
    }
    this.phase = 'payload';
    return true;
  }

  #readData(): boolean {
    const cursor = this.#cursor;
    const count = Math.min(this.#frameLeft, cursor.available);
    this.#list.push(cursor.chunk, cursor.position, cursor.position + count);
    cursor.position += count;
    this.#frameLeft -= count;
    if (this.#list.done) this.#onListEnd();
    else if (this.#frameLeft === 0) this.phase = 'header';
    else return false;
    return true;
  }

  #onListEnd(): void {
    const said = this.#complaints.join('; ');
    const { ioError } = this.#list;
    if (this.#list.entries === 0) {
      // The daemon hangs up here. Even an empty module has its root, so this is no proof of anything.
      this.outcome = this.#refusal(said === '' ? 'the list is empty' : said);
      return;
    }
    this.phase = 'goodbye';
    this.outcome =
      ioError === 0 && said === ''
        ? { kind: 'complete', ...this.received }
        : { kind: 'partial', reason: said === '' ? `the peer reports I/O error ${ioError}` : said, ...this.received };
    this.#options.send(printGoodbye(this.#protocol));
  }

  #readMessage(): boolean {
    const cursor = this.#cursor;
    const count = Math.min(this.#frameLeft, cursor.available);
    this.#text.set(cursor.chunk.subarray(cursor.position, cursor.position + count), this.#textBytes);
    cursor.position += count;
    this.#textBytes += count;
    this.#frameLeft -= count;
    if (this.#frameLeft > 0) return false;
    const message = this.#text.subarray(0, this.#textBytes);
    this.#textBytes = 0;
    this.phase = 'header';
    this.#onMessage(message);
    return true;
  }

  #onMessage(message: Buffer): void {
    // Not named: information, warnings, keep-alives and the like, which do not change a listing.
    if (FRAME_ERRORS.has(this.#frameTag)) {
      if (this.#complaints.length < COMPLAINTS_KEPT) this.#complaints.push(excerpt(message));
    } else if (this.#frameTag === FRAME_IO_ERROR) {
      if (message.length !== 4) throw new PeerViolation('a malformed I/O error');
      this.#list.ioError |= message.readInt32LE();
    } else if (this.#frameTag === FRAME_ERROR_EXIT) {
      this.end('the peer gave up');
    }
  }
}
