import type { Manifest, ManifestDirectory } from '#domain/master/manifest.ts';
import { ByteWriter, SIGNED_LIMIT } from '../bytes/byte-writer.ts';
import { COLUMNS, type Column, MANIFEST_MAGIC, MANIFEST_VERSION } from './manifest-format.ts';
import { printRepositories } from './repositories.ts';

/** Texts are gathered and encoded this many code units at a time, since each call of the encoder costs more than a short text. */
const TEXT_CHUNK = 65_536;

class TextWriter {
  readonly bytes = new ByteWriter();
  readonly #encoder = new TextEncoder();
  #parts: string[] = [];
  #pending = 0;

  /** Returns the length to note down, in code units. */
  add(text: string): number {
    if (!text.isWellFormed()) throw new RangeError(`${JSON.stringify(text)} holds half a surrogate pair`);
    this.#parts.push(text);
    this.#pending += text.length;
    if (this.#pending >= TEXT_CHUNK) this.flush();
    return text.length;
  }

  flush(): void {
    this.bytes.raw(this.#encoder.encode(this.#parts.join('')));
    this.#parts = [];
    this.#pending = 0;
  }
}

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/** Never ends inside a surrogate pair: the rest must be text of its own. */
const sharedPrefix = (before: string, path: string): number => {
  const limit = Math.min(before.length, path.length);
  let length = 0;
  while (length < limit && before.charCodeAt(length) === path.charCodeAt(length)) length += 1;
  return length > 0 && length < path.length && isLowSurrogate(path.charCodeAt(length)) ? length - 1 : length;
};

const seconds = (value: number): number => {
  if (!Number.isSafeInteger(value) || Math.abs(value) > SIGNED_LIMIT) throw new RangeError(`${value} is no time in seconds`);
  return value;
};

type Writers = Record<Exclude<Column, 'text'>, ByteWriter>;

const printSamples = (writers: Writers, text: TextWriter, directories: readonly ManifestDirectory[]): void => {
  for (const directory of directories) {
    writers.sampleCounts.unsigned(directory.sample.length);
    for (const file of directory.sample) {
      writers.nameLengths.unsigned(text.add(file.name));
      writers.sizes.unsigned(file.sizeBytes);
      writers.sampleTimes.signed(seconds(file.modifiedSeconds) - directory.modifiedSeconds);
    }
  }
};

const printDirectories = (writers: Writers, text: TextWriter, directories: readonly ManifestDirectory[]): void => {
  let [path, id, time] = ['', 0, 0];
  for (const directory of directories) {
    const prefix = sharedPrefix(path, directory.path);
    writers.pathPrefixes.unsigned(prefix);
    writers.pathLengths.unsigned(text.add(directory.path.slice(prefix)));
    writers.ids.signed(directory.id - id);
    writers.times.signed(seconds(directory.modifiedSeconds) - time);
    writers.changedIn.unsigned(directory.changedIn);
    writers.readable.byte(directory.readable ? 1 : 0);
    ({ path, id, modifiedSeconds: time } = directory);
  }
  for (const directory of directories) writers.fingerprintLengths.unsigned(text.add(directory.fingerprint));
};

/**
 * The same manifest gives the same bytes. Throws RangeError for what no listing can give: broken surrogates, fractions, sizes
 * and times beyond 2^50.
 */
export const printManifest = (manifest: Manifest): Uint8Array => {
  const text = new TextWriter();
  const writers = Object.fromEntries(COLUMNS.map((column) => [column, new ByteWriter()])) as Record<Column, ByteWriter>;
  const categoryLength = text.add(manifest.category);
  printDirectories(writers, text, manifest.directories);
  printSamples(writers, text, manifest.directories);
  text.flush();
  writers.text = text.bytes;
  const repositories = new TextEncoder().encode(printRepositories(manifest.repositories));
  const columnBytes = COLUMNS.reduce((total, column) => total + writers[column].length, 0);
  const out = new ByteWriter(columnBytes + repositories.length + 1024);
  out.raw(Uint8Array.from([...MANIFEST_MAGIC, MANIFEST_VERSION]));
  out.unsigned(manifest.generation);
  out.unsigned(manifest.createdMs);
  out.unsigned(manifest.nextDirectoryId);
  out.unsigned(manifest.directories.length);
  out.unsigned(categoryLength);
  for (const column of COLUMNS) out.section(writers[column].written());
  out.section(repositories);
  return out.written();
};
