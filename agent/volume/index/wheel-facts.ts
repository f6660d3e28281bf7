import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import { WireError } from '#domain/errors.ts';
import { openWheel } from '#wire/wheel/open-wheel.ts';
import { readAhead } from '#wire/wheel/read-ahead.ts';

type ReadingPorts = Parameters<typeof openWheel>[1];

const METADATA = /^[^/]+\.dist-info\/METADATA$/;

/** Wheels know no other compression. */
const PORTS: ReadingPorts = {
  decompress: async function* (_compression, bytes, maximumBytes) {
    try {
      yield inflateRawSync(bytes, { maxOutputLength: Math.max(1, maximumBytes) });
    } catch (cause) {
      throw new WireError('is damaged or cut off', { cause });
    }
  },
  digester: (algorithm) => {
    const hash = createHash(algorithm);
    return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') };
  },
};

/** What an index says of a wheel beside its name. Throws WireError for a file that is no wheel. */
export const requiresPython = async (path: string): Promise<string | undefined> => {
  const file = openSync(path, 'r');
  try {
    const read = async (offset: number, length: number): Promise<Uint8Array> => {
      const bytes = Buffer.allocUnsafe(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
    };
    const wheel = await openWheel(readAhead({ sizeBytes: fstatSync(file).size, read }), PORTS);
    const metadata = wheel.members.find((member) => METADATA.test(member.path));
    if (metadata === undefined) throw new WireError('has no METADATA in a folder named .dist-info');
    return (await wheel.header(metadata.path)).get('requires-python')?.[0];
  } finally {
    closeSync(file);
  }
};
