import { type DigestAlgorithm, digestOf } from '#domain/artefact/digest.ts';
import { WireError } from '#domain/errors.ts';
import type { AptListed, AptRelease } from '#domain/volume/validate/apt-documents.ts';
import { decodeText } from '../bytes/decode-text.ts';
import { signedLines } from '../checksum/clear-signed.ts';

/** Debian's InRelease is 200 kB. */
export const MAX_RELEASE_BYTES = 10_485_760;
const SECTIONS: Readonly<Record<string, DigestAlgorithm>> = { md5sum: 'md5', sha1: 'sha1', sha256: 'sha256', sha512: 'sha512' };
const LISTED = /^\s+([0-9a-fA-F]+)\s+(\d{1,15})\s+(\S+)\s*$/;
const FIELD = /^([A-Za-z0-9][A-Za-z0-9-]*):\s*(.*)$/;

interface Found {
  readonly path: string;
  readonly sizeBytes: number;
  readonly hexes: Map<DigestAlgorithm, string>;
}

/**
 * What InRelease or Release says, with the whole list of files. The signature of InRelease is not verified, but nothing outside of
 * what it covers is read. Throws WireError on anything else.
 */
export function parseAptRelease(bytes: Uint8Array): AptRelease {
  if (bytes.length > MAX_RELEASE_BYTES) throw new WireError(`is larger than ${MAX_RELEASE_BYTES} bytes`);
  const lines = signedLines(decodeText(bytes, 'the list of the suite').split(/\r?\n/));
  if (lines === undefined) throw new WireError('has a signature that does not cover all of it, or is cut off');
  const fields = new Map<string, string>();
  const found = new Map<string, Found>();
  let section: DigestAlgorithm | undefined;
  for (const line of lines) {
    if (line.trim() === '') continue;
    if (!/^[ \t]/.test(line)) section = noteField(fields, line);
    else if (section !== undefined) noteListed(found, section, line);
  }
  if (found.size === 0) throw new WireError('lists no files');
  return { fields, files: [...found.values()].map(listed) };
}

/** The kind of digest that the lines after this one have. */
function noteField(fields: Map<string, string>, line: string): DigestAlgorithm | undefined {
  const [, written = '', value = ''] = FIELD.exec(line) ?? [];
  const name = written.toLowerCase();
  if (name === '') throw new WireError(`has a line that is no field: ${JSON.stringify(line.slice(0, 80))}`);
  if (!fields.has(name)) fields.set(name, value.trim());
  return Object.hasOwn(SECTIONS, name) ? SECTIONS[name] : undefined;
}

function noteListed(found: Map<string, Found>, section: DigestAlgorithm, line: string): void {
  const [, hex = '', size = '', path = ''] = LISTED.exec(line) ?? [];
  if (path === '') throw new WireError(`has a line that lists no file: ${JSON.stringify(line.slice(0, 80))}`);
  const entry = found.get(path) ?? { path, sizeBytes: Number(size), hexes: new Map() };
  if (entry.sizeBytes !== Number(size)) throw new WireError(`lists ${path} with two sizes`);
  if (entry.hexes.has(section) && entry.hexes.get(section) !== hex) throw new WireError(`lists ${path} with two ${section}`);
  entry.hexes.set(section, hex);
  found.set(path, entry);
}

function listed({ path, sizeBytes, hexes }: Found): AptListed {
  const digest = (algorithm: DigestAlgorithm) => digestOf(algorithm, hexes.get(algorithm) ?? '');
  return { path, sizeBytes, sha256: digest('sha256'), sha512: digest('sha512') };
}
