import * as v from 'valibot';
import type { ChecksumEntry } from '#domain/artefact/choose-digest.ts';
import { DIGEST_ALGORITHMS, digestOf } from '#domain/artefact/digest.ts';
import { withoutDot } from './checksum-line.ts';

const Hashes = v.record(v.string(), v.string());
/** A file of the Simple API of Python's package indexes (PEP 691). */
const IndexedFile = v.object({ filename: v.string(), hashes: Hashes });
const Document = v.union([
  v.object({ files: v.pipe(v.array(IndexedFile), v.maxLength(1_000_000)) }),
  v.object({ name: v.optional(v.string()), hashes: Hashes }),
]);

/**
 * Checksums as JSON: `{"name": "FILE", "hashes": {"sha256": "HEX"}}` of one file, with or without its name, or `{"files": [{"filename",
 * "hashes"}]}` of several, as an index of Python packages answers. Undefined for any other document.
 */
export function parseChecksumJson(text: string): readonly ChecksumEntry[] | undefined {
  const parsed = v.safeParse(Document, jsonOf(text));
  if (!parsed.success) return undefined;
  const documents =
    'files' in parsed.output ? parsed.output.files.map(({ filename, hashes }) => ({ name: filename, hashes })) : [parsed.output];
  const entries = documents.flatMap(({ name, hashes }) => entriesOf(name, hashes));
  return entries.includes(undefined) ? undefined : entries.filter((entry) => entry !== undefined);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function entriesOf(name: string | undefined, hashes: Readonly<Record<string, string>>): readonly (ChecksumEntry | undefined)[] {
  return DIGEST_ALGORITHMS.filter((algorithm) => Object.hasOwn(hashes, algorithm)).map((algorithm) => {
    const digest = digestOf(algorithm, hashes[algorithm] ?? '');
    return digest && { name: name === undefined ? undefined : withoutDot(name), digest };
  });
}
