/** One thing a peer says it holds. Nothing about it is verified: an rsync list carries no checksum but TCP's. */
export interface ListedEntry {
  /**
   * Relative to the listed root, no leading slash, '' for the root itself. Never absolute, never with '.' or '..' steps.
   * May hold newlines and other control characters: escape it before it reaches a log or a page.
   */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly sizeBytes: number;
  readonly modifiedSeconds: number;
  /** POSIX st_mode, type bits included. */
  readonly mode: number;
}

/** How much of a listing had arrived when it ended. */
interface Received {
  readonly entries: number;
  readonly bytesReceived: number;
}

export type RefusalCause =
  | 'unknown-module'
  | 'access-denied'
  | 'too-many-connections'
  | 'auth-required'
  | 'no-such-path'
  | 'module-broken'
  | 'option-refused'
  | 'other';

/**
 * How a listing ended. Every `reason` is at most a few hundred printable characters and may quote the peer.
 *
 * Only `complete` proves that a path which was not listed is not there.
 */
export type Listing =
  | ({ readonly kind: 'complete' } & Received)
  /** The peer could not read everything it holds, and said so. */
  | ({ readonly kind: 'partial'; readonly reason: string } & Received)
  /** The peer answered and will not list this; `temporary` when it asked us to come back later. */
  | { readonly kind: 'refused'; readonly cause: RefusalCause; readonly reason: string; readonly temporary: boolean }
  /** No peer spoke to us; `url` and `address` mean that we did not even try. */
  | {
      readonly kind: 'unreachable';
      readonly cause: 'url' | 'address' | 'name' | 'connection' | 'silence';
      readonly reason: string;
    }
  /** The peer lied, was cut off, or went over a limit. */
  | ({ readonly kind: 'broken'; readonly cause: 'protocol' | 'cut' | 'time' | 'size'; readonly reason: string } & Received)
  /** The caller's signal fired. */
  | ({ readonly kind: 'stopped' } & Received);

export interface ListingLimits {
  /** From the start of name resolution to the peer's first line. */
  readonly greetingMs: number;
  /** Between two reads. */
  readonly idleMs: number;
  /** The whole listing, including the goodbye. */
  readonly totalMs: number;
  /** How long a finished listing waits for the peer's own end before it hangs up. */
  readonly goodbyeMs: number;
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly maxLineBytes: number;
  readonly maxMotdBytes: number;
  /** One message of the peer beside the list. */
  readonly maxMessageBytes: number;
}

export interface ListingOptions {
  /** rsync patterns, for example `.snapshot` or `/isos/`; the peer applies them. */
  readonly excludes?: readonly string[];
  readonly limits?: Partial<ListingLimits>;
  readonly signal?: AbortSignal;
  /** Replaces the default, rsync's own port only. */
  readonly allowedPorts?: readonly number[] | 'any';
}

export interface FileLister {
  /**
   * Calls `onEntry` for each entry as it arrives, in the peer's order, which is not sorted. Resolves for every way a peer can
   * behave; rejects only when `onEntry` throws or an option makes no sense.
   */
  list(url: string, onEntry: (entry: ListedEntry) => void, options?: ListingOptions): Promise<Listing>;
}
