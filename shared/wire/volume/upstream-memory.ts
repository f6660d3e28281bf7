import * as v from 'valibot';
import { WireError } from '#domain/errors.ts';
import type { RememberedFile, RememberedFiles } from '#domain/volume/upstream/wanted-file.ts';
import { decodeText } from '../bytes/decode-text.ts';
import { count, hex64, nonEmpty } from '../fields.ts';
import { parseJson } from '../parse-json.ts';

/**
 * Lines of JSON: the format, then a file in each.
 *
 *   {"format":"mirrortide-upstream-memory","version":1}
 *   ["path","what upstream said of it","sha256",size]
 */
const WHAT = 'the memory of an upstream';
const HEADER = { format: 'mirrortide-upstream-memory', version: 1 } as const;

const header = v.object({ format: v.literal(HEADER.format), version: v.literal(HEADER.version) });
const line = v.strictTuple([nonEmpty, v.string(), hex64, count]);

export const printUpstreamMemory = (files: RememberedFiles): Uint8Array => {
  const lines = [...files].map(([path, { said, sha256, sizeBytes }]) => JSON.stringify([path, said, sha256, sizeBytes]));
  return new TextEncoder().encode([JSON.stringify(HEADER), ...lines].map((text) => `${text}\n`).join(''));
};

/** Throws WireError on anything else. */
export const parseUpstreamMemory = (bytes: Uint8Array): RememberedFiles => {
  const [top = '', ...lines] = decodeText(bytes, WHAT).split('\n');
  parseJson(header, top, WHAT);
  if (lines.pop() !== '') throw new WireError(`${WHAT} is cut off`);
  return new Map(
    lines.map((text): [string, RememberedFile] => {
      const [path, said, sha256, sizeBytes] = parseJson(line, text, WHAT);
      return [path, { said, sha256, sizeBytes }];
    }),
  );
};
