import { WireError } from '#domain/errors.ts';
import type { ListedEntry } from '#ports/file-lister.ts';

/**
 * Fedora's `fullfiletimelist-MODULE`, as its create-filelist program writes it: sections of lines, `TIME<TAB>TYPE<TAB>SIZE<TAB>PATH`
 * in `[Files]`, `HEX<TAB>PATH` in the checksum sections, and `[End]`, without which it was cut off. TIME is the later of mtime and
 * ctime. TYPE is `f`, `d` or `l`, then `*` inside a directory that is hidden from the public, `-` when the entry itself is.
 */
export interface FileTimeListSink {
  /** Paths may hold blanks and TABs. */
  entry(entry: ListedEntry): void;
  /** From the SHA256 section; other algorithms are skipped. */
  sha256(path: string, hex: string): void;
}

export type FileTimeListEnd =
  | { readonly kind: 'complete'; readonly entries: number }
  /** The list ended before its `[End]`. */
  | { readonly kind: 'partial'; readonly entries: number };

export interface FileTimeListParser {
  /** Throws WireError on anything that cannot be such a list. */
  push(chunk: Uint8Array): void;
  end(): FileTimeListEnd;
}

export interface FileTimeListLimits {
  readonly maxEntries: number;
  readonly maxLineBytes: number;
}

// Fedora's largest has 12 million entries; Linux ends a path at 4,096 bytes.
export const FILE_TIME_LIST_LIMITS: FileTimeListLimits = { maxEntries: 20_000_000, maxLineBytes: 4_352 };

const NEWLINE = 0x0a;
const VERSIONS = ['2'];
const FILE_LINE = /^(-?\d{1,15})\t([fdl])([*-]{0,2})\t(\d{1,15})\t(.+)$/s;
const SHA256_LINE = /^([0-9a-f]{64})\t(.+)$/s;
const KINDS = { f: 'file', d: 'directory', l: 'symlink' } as const;
const TYPE_BITS = { f: 0o100_000, d: 0o040_000, l: 0o120_000 };

type Section = 'start' | 'version' | 'files' | 'sha256' | 'other' | 'end';

const SECTIONS: Readonly<Record<string, Section>> = {
  '[Version]': 'version',
  '[Files]': 'files',
  '[Checksums SHA256]': 'sha256',
  '[End]': 'end',
};

const relativePath = (text: string): string => {
  const path = text.startsWith('./') ? text.slice(2) : text;
  if (path === '.') return '';
  if (path.includes('\0') || path.split('/').some((step) => step === '' || step === '.' || step === '..')) {
    throw new WireError('fullfiletimelist: a path is not a plain relative path');
  }
  return path;
};

const parseEntry = (line: string): ListedEntry => {
  const [, time, type, flags = '', size, path = ''] = FILE_LINE.exec(line) ?? [];
  if (type !== 'f' && type !== 'd' && type !== 'l') throw new WireError('fullfiletimelist: a line of [Files] cannot be read');
  return {
    path: relativePath(path),
    kind: KINDS[type],
    sizeBytes: Number(size),
    modifiedSeconds: Number(time),
    // The list has no modes; the bits for everybody are what its flags say.
    mode: TYPE_BITS[type] | (flags === '' ? 0o755 : 0o750),
  };
};

/** Names that are no UTF-8 are read as Latin-1, as everywhere in the system. */
const lineDecoder = (): ((bytes: Uint8Array) => string) => {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const latin = new TextDecoder('latin1');
  return (bytes) => {
    try {
      return strict.decode(bytes);
    } catch {
      return latin.decode(bytes);
    }
  };
};

/** Cuts a stream of bytes into lines; an endless line is refused before it is held. */
const lineSplitter = (maxLineBytes: number, onLine: (line: Uint8Array) => void) => {
  let rest = new Uint8Array(0);
  const keep = (bytes: Uint8Array): void => {
    if (rest.length + bytes.length > maxLineBytes) throw new WireError('fullfiletimelist: a line is too long');
    const joined = new Uint8Array(rest.length + bytes.length);
    joined.set(rest);
    joined.set(bytes, rest.length);
    rest = joined;
  };
  return {
    push: (chunk: Uint8Array): void => {
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
        if (rest.length === 0 && at - from <= maxLineBytes) {
          onLine(chunk.subarray(from, at));
        } else {
          keep(chunk.subarray(from, at));
          onLine(rest);
          rest = new Uint8Array(0);
        }
        from = at + 1;
      }
      if (from < chunk.length) keep(chunk.subarray(from));
    },
    /** What came after the last newline; it may be half a line. */
    rest: (): Uint8Array => rest,
  };
};

export const fullFileTimeListParser = (sink: FileTimeListSink, limits = FILE_TIME_LIST_LIMITS): FileTimeListParser => {
  const decode = lineDecoder();
  let section: Section = 'start';
  let entries = 0;
  const onFile = (line: string): void => {
    entries += 1;
    if (entries > limits.maxEntries) throw new WireError(`fullfiletimelist: more than ${limits.maxEntries} entries`);
    sink.entry(parseEntry(line));
  };
  const onChecksum = (line: string): void => {
    const [, hex, path] = SHA256_LINE.exec(line) ?? [];
    if (hex === undefined || path === undefined) throw new WireError('fullfiletimelist: a checksum line cannot be read');
    sink.sha256(relativePath(path), hex);
  };
  const onVersion = (line: string): void => {
    if (!VERSIONS.includes(line)) throw new WireError('fullfiletimelist: unknown version');
  };
  const inSection = {
    start: () => {
      throw new WireError('fullfiletimelist: the first line is not [Version]');
    },
    version: onVersion,
    files: onFile,
    sha256: onChecksum,
    other: () => undefined,
    end: () => {
      throw new WireError('fullfiletimelist: something follows [End]');
    },
  } satisfies Record<Section, (line: string) => void>;
  const onLine = (bytes: Uint8Array): void => {
    if (bytes.length === 0) return;
    const line = decode(bytes);
    const opens = line.startsWith('[') && line.endsWith(']') && section !== 'end';
    const tooEarly = section === 'start' && line !== '[Version]';
    if (opens && !tooEarly) section = SECTIONS[line] ?? 'other';
    else inSection[section](line);
  };
  const splitter = lineSplitter(limits.maxLineBytes, onLine);
  return {
    push: splitter.push,
    end: () => {
      const whole = section === 'end' || decode(splitter.rest()) === '[End]';
      return { kind: whole ? 'complete' : 'partial', entries };
    },
  };
};
