import type { DigestAlgorithm } from '#domain/artefact/digest.ts';
import { WireError } from '#domain/errors.ts';
import type { TreeReader } from '#domain/volume/tree-reader.ts';
import type { DigestOfFile } from '#domain/volume/validate/expected-file.ts';
import type { Decompress } from '#ports/decompress.ts';
import type { Digester } from '#ports/digester.ts';
import { bunzip2 } from '../bzip2/bunzip2.ts';

/** What reading the files of a release takes. */
export interface ReadingPorts {
  readonly decompress: Decompress;
  readonly digester: Digester;
}

/** Larger files are not read for a digest; see expected-file.ts. */
const MAX_DIGESTED_BYTES = 33_554_432;
/** The decoder of bzip2 keeps its output, and nothing current is compressed with it. */
const MAX_BZIP2_BYTES = 67_108_864;
const MAGIC_BYTES = 6;
const SLICE_BYTES = 65_536;

/** Throws WireError when there is no such file, or it is too large. */
export async function readWhole(tree: TreeReader, path: string, maximumBytes: number): Promise<Uint8Array> {
  const bytes = await tree.read(path, maximumBytes);
  if (bytes !== undefined) return bytes;
  throw new WireError(tree.entry(path) === undefined ? 'is not in the release' : `is larger than ${maximumBytes} bytes`);
}

export const digestOfFile =
  (tree: TreeReader, digester: Digester): DigestOfFile =>
  async (path, algorithm: DigestAlgorithm) => {
    const bytes = await tree.read(path, MAX_DIGESTED_BYTES);
    if (bytes === undefined) return undefined;
    const digest = digester(algorithm);
    digest.update(bytes);
    return digest.hex();
  };

export type FileCoding = 'gzip' | 'zstd' | 'bzip2' | 'xz' | 'lzma' | 'plain';

/** By the first bytes; a name may say anything. */
const MAGICS: readonly (readonly [string, FileCoding])[] = [
  ['1f8b', 'gzip'],
  ['28b52ffd', 'zstd'],
  ['425a68', 'bzip2'],
  ['fd377a585a00', 'xz'],
  ['5d0000', 'lzma'],
];

export function codingOf(bytes: Uint8Array): FileCoding {
  const hex = [...bytes.subarray(0, MAGIC_BYTES)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return MAGICS.find(([magic]) => hex.startsWith(magic))?.[1] ?? 'plain';
}

/** What a file unpacks to, or the file itself. Throws WireError for a damaged one, and for what nothing here can read. */
export async function* unpacked(decompress: Decompress, bytes: Uint8Array, maximumBytes: number): AsyncGenerator<Uint8Array> {
  const coding = codingOf(bytes);
  switch (coding) {
    case 'gzip':
    case 'zstd':
      yield* decompress(coding, bytes, maximumBytes);
      return;
    case 'bzip2':
      yield* slices(bunzip2(bytes, Math.min(maximumBytes, MAX_BZIP2_BYTES)));
      return;
    case 'plain':
      yield* slices(bytes);
      return;
    default:
      throw new WireError(`is compressed with ${coding}, which cannot be read here, so it is not checked; gzip and zstd can be`);
  }
}

/** Whoever reads them keeps what they mean and not the text, so the text should not be there at once. */
function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) yield bytes.subarray(at, at + SLICE_BYTES);
}
