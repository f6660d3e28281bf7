import { WireError } from '#domain/errors.ts';
import type { TreeReader } from '#domain/volume/tree-reader.ts';
import type { PythonDocuments } from '#domain/volume/validate/wheel-documents.ts';
import { type ReadingPorts, readWhole } from '../volume/read-file.ts';
import { openWheel } from '../wheel/open-wheel.ts';
import { readAhead } from '../wheel/read-ahead.ts';
import type { RandomAccess } from '../wheel/zip-directory.ts';
import { parseSimpleJson } from './parse-simple-json.ts';
import { MAX_PAGE_BYTES, parseSimplePage } from './parse-simple-page.ts';

/** Reads a part of a file that is in the release, all of `length`. */
export type ReadRange = (path: string, offset: number, length: number) => Promise<Uint8Array>;

/** Smaller wheels are read at once, as a few requests for parts cost more. */
const WHOLE_BYTES = 4_194_304;
/** Without reading of parts, a larger wheel cannot be looked into. */
const MAX_WHEEL_BYTES = 268_435_456;

/** What is in the files of a volume of Python packages; `mount` is where its absolute links begin. */
export const pythonDocuments = (
  tree: TreeReader,
  ports: ReadingPorts,
  mount: string,
  readRange?: ReadRange,
): PythonDocuments => ({
  wheel: async (path) => openWheel(await access(tree, path, readRange), ports),
  page: async (path) => {
    const parse = path.endsWith('json') ? parseSimpleJson : parseSimplePage;
    return parse(await readWhole(tree, path, MAX_PAGE_BYTES), mount, path);
  },
});

async function access(tree: TreeReader, path: string, readRange: ReadRange | undefined): Promise<RandomAccess> {
  const sizeBytes = tree.entry(path)?.sizeBytes;
  if (sizeBytes === undefined) throw new WireError('is not in the release');
  if (readRange !== undefined && sizeBytes > WHOLE_BYTES)
    return readAhead({ sizeBytes, read: (offset, length) => readRange(path, offset, length) });
  const bytes = await readWhole(tree, path, MAX_WHEEL_BYTES);
  return { sizeBytes: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) };
}
