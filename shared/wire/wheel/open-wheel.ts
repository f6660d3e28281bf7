import { WireError } from '#domain/errors.ts';
import type { WheelArchive } from '#domain/volume/validate/wheel-documents.ts';
import type { ReadingPorts } from '../volume/read-file.ts';
import { parseHeaderFields } from './parse-header-fields.ts';
import { parseWheelRecord } from './parse-wheel-record.ts';
import { type RandomAccess, readZipDirectory } from './zip-directory.ts';
import { readZipMember } from './zip-member.ts';

const MAX_DOCUMENT_BYTES = 33_554_432;

/** What is in a wheel; its members are read when they are asked for. Throws WireError when it is no zip archive, or is cut off. */
export async function openWheel(file: RandomAccess, { decompress, digester }: ReadingPorts): Promise<WheelArchive> {
  const entries = await readZipDirectory(file);
  const files = entries.filter(({ name }) => !name.endsWith('/'));
  const byName = new Map(files.map((entry) => [entry.name, entry]));
  const read = (name: string): Promise<Uint8Array> => {
    const entry = byName.get(name);
    if (entry === undefined) throw new WireError(`has no ${JSON.stringify(name)}`);
    return readZipMember(file, entry, decompress, MAX_DOCUMENT_BYTES);
  };
  return {
    members: files.map(({ name, sizeBytes }) => ({ path: name, sizeBytes })),
    header: async (path) => parseHeaderFields(await read(path), path),
    record: async (path) => parseWheelRecord(await read(path)),
    digest: async (path, algorithm) => {
      const digest = digester(algorithm);
      digest.update(await read(path));
      return digest.hex();
    },
  };
}
