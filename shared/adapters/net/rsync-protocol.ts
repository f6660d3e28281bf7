import { isUtf8 } from 'node:buffer';
import type { ListingOptions, RefusalCause } from '#ports/file-lister.ts';
import type { RsyncTarget } from './rsync-url.ts';

/**
 * Protocol 29, which every daemon since rsync 2.6.4 (2005) speaks: the last one in which the whole list comes in one piece
 * without being asked twice. From 30 on the daemon sends it directory by directory and waits for an answer to each, which on a
 * line with 100 ms round trip takes ten times as long.
 */
export const HIGHEST_PROTOCOL = 29;
const LOWEST_PROTOCOL = 27;

/** The peer does what no rsync daemon does. */
export class PeerViolation extends Error {}
/** The peer sends more than we take. */
export class LimitReached extends Error {}

/** Kinds of frames a daemon sends after the handshake (rsync: rsync.h, enum msgcode), in the top byte of the header, plus 7. */
export const FRAME_TAG_BASE = 7;
export const FRAME_DATA = 0;
export const FRAME_IO_ERROR = 22;
export const FRAME_ERROR_EXIT = 86;
/** Errors in words: of a transfer, of the program, of a socket, of a character set. */
export const FRAME_ERRORS = new Set([1, 3, 5, 8]);
/** All kinds there are. rsync itself, too, gives up on any other: the stream is out of step. */
export const FRAME_TAGS = new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 22, 33, 42, 86, 100, 101, 102]);

const GREETING = /^@RSYNCD: ([0-9]{1,3})(?:\.([0-9]{1,3}))?(?: |$)/;

/** The protocol both sides speak, 0 when the line is no greeting or the peer is too old. */
export const negotiate = (greeting: string, highest: number): number => {
  const [, version, sub] = GREETING.exec(greeting) ?? [];
  if (version === undefined) return 0;
  // A sub-version marks a pre-release, of which only the protocol before is certain.
  const spoken = Math.min(highest, Number(version) - (sub === undefined || Number(sub) === 0 ? 0 : 1));
  return spoken < LOWEST_PROTOCOL ? 0 : spoken;
};

export const printHello = (protocol: number, target: RsyncTarget): Buffer =>
  Buffer.from(`@RSYNCD: ${protocol}.0\n${target.module}\n`);

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};

const EXCLUDES_MAX = 1_000;
const EXCLUDE_BYTES_MAX = 2_048;

/** Throws on what the daemon could not read: the excludes are the caller's own. */
const printExclude = (pattern: string): Buffer => {
  const rule = Buffer.from(`- ${pattern}`);
  if (pattern === '' || rule.length > EXCLUDE_BYTES_MAX || /[\0\n\r]/.test(pattern)) {
    throw new TypeError(`not an exclude pattern: ${excerpt(rule)}`);
  }
  return Buffer.concat([int32(rule.length), rule]);
};

/** The arguments as lines, an empty line, then the excludes and their end. */
export const printRequest = (target: RsyncTarget, excludes: NonNullable<ListingOptions['excludes']>): Buffer => {
  if (excludes.length > EXCLUDES_MAX) throw new TypeError(`more than ${EXCLUDES_MAX} excludes`);
  const argv = ['--server', '--sender', '-r', '--list-only', '.', target.root];
  return Buffer.concat([Buffer.from(`${argv.join('\n')}\n\n`), ...excludes.map(printExclude), int32(0)]);
};

/**
 * Ends each of the three phases of a transfer without files (two before protocol 29), then says goodbye. Sent at once instead
 * of one by one, since the daemon's answers hold nothing: saves three round trips.
 */
export const printGoodbye = (protocol: number): Buffer =>
  Buffer.concat(Array.from({ length: protocol >= 29 ? 4 : 3 }, () => int32(-1)));

const EXCERPT_CHARACTERS = 300;

/** What a peer said, fit for logs and pages: bounded, one line, nothing that moves a cursor or turns text around. */
export const excerpt = (bytes: Buffer): string => {
  const text = bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1').trim();
  const printable = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`);
  return printable.length <= EXCERPT_CHARACTERS ? printable : `${printable.slice(0, EXCERPT_CHARACTERS).toWellFormed()}…`;
};

// The protocol has no codes, only these texts, unchanged in rsync since 2.6. One we do not know is 'other'.
const REFUSALS: readonly (readonly [RegExp, RefusalCause])[] = [
  [/Unknown module/i, 'unknown-module'],
  [/access denied/i, 'access-denied'],
  [/max connections/i, 'too-many-connections'],
  [/AUTHREQD|auth failed/i, 'auth-required'],
  [/chdir failed|chroot failed/i, 'module-broken'],
  [/configured to refuse/i, 'option-refused'],
  [/No such file or directory|Not a directory/i, 'no-such-path'],
  [/Permission denied|write.only/i, 'access-denied'],
];

export const refusalCause = (text: string): RefusalCause => REFUSALS.find(([pattern]) => pattern.test(text))?.[1] ?? 'other';
